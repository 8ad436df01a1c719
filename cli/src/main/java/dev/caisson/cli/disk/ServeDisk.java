/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.nbd.server.NbdExport;
import dev.caisson.disk.nbd.server.NbdServer;
import dev.caisson.disk.nbd.server.NbdTls;
import dev.caisson.disk.nbd.tls.TlsFiles;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "serve", description = "Offer a disk over NBD until interrupted")
final class ServeDisk extends DiskCommand {
  @Option(
      names = "-f",
      defaultValue = "",
      paramLabel = "FORMAT",
      description = "the format, instead of looking")
  String format = "";

  @Option(
      names = {"-k", "--socket"},
      defaultValue = "",
      paramLabel = "FILE",
      description = "Unix socket to listen on")
  String socket = "";

  @Option(
      names = {"-p", "--port"},
      defaultValue = "10809",
      paramLabel = "PORT",
      description = "TCP port")
  int port;

  @Option(
      names = {"-b", "--bind"},
      defaultValue = "",
      paramLabel = "ADDRESS",
      description = "address to listen on; default: loopback")
  String bind = "";

  @Option(
      names = {"-x", "--export-name"},
      defaultValue = "",
      paramLabel = "NAME",
      description = "name of the export, if there is one disk")
  String name = "";

  @Option(
      names = {"-D", "--description"},
      paramLabel = "TEXT",
      defaultValue = "",
      description = "a line for people")
  String words = "";

  @Option(
      names = {"-B", "--bitmap"},
      paramLabel = "BITMAP",
      description = "dirty bitmaps that clients may query")
  String[] bitmaps = {};

  @Option(
      names = {"-r", "--read-only"},
      description = "clients cannot write")
  boolean readOnly;

  @Option(
      names = {"-l", "--load-snapshot"},
      defaultValue = "",
      paramLabel = "SNAPSHOT",
      description = "offer this snapshot, read-only")
  String snapshot = "";

  @Option(
      names = "--tls",
      defaultValue = "",
      paramLabel = "FOLDER",
      description = "encrypt, with QEMU's file names in this folder")
  String tls = "";

  @Option(
      names = "--verify-peer",
      description = "clients must show a certificate; needed beyond loopback")
  boolean verify;

  @Option(
      names = {"-t", "--persistent"},
      description = "accepted: it always goes on until interrupted")
  boolean persistent;

  @Option(
      names = {"-e", "--shared"},
      defaultValue = "0",
      paramLabel = "NUMBER",
      description = "accepted: up to 256 clients always share a disk")
  int shared;

  @Option(
      names = {"-A", "--allocation-depth"},
      description = "accepted: always offered")
  boolean depth;

  @Option(
      names = "--cache",
      defaultValue = "writeback",
      paramLabel = "MODE",
      description = "cache mode")
  String cache = "writeback";

  @Parameters(
      arity = "1..*",
      paramLabel = "DISK",
      description = "the disk; of several, each is NAME=FILE or offered under its file's name")
  String[] files = {};

  @Override
  int run() {
    refuse(port < 0 || port > 0xffff, "a port is 0 to 65535, not " + port);
    var ended = new CountDownLatch(1);
    console().onSignal(signal -> ended.countDown());
    if (files.length > 1 && !name.isEmpty()) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE, "of several disks, name each: NAME=FILE");
    }
    List<Disk> disks = new ArrayList<>();
    try {
      var builder = NbdServer.builder().listen(address());
      for (String file : files) {
        builder.export(export(file, disks));
      }
      if (!tls.isEmpty()) {
        builder.tls(new NbdTls(TlsFiles.server(path(tls)), true, verify));
      }
      try (var server = builder.start()) {
        say(
            "serving '%s' at %s"
                .formatted(String.join("', '", files), server.addresses().getFirst()));
        console().out().flush();
        ended.await();
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
      }
    } finally {
      disks.forEach(Disk::close);
    }
    return 0;
  }

  private NbdExport export(String given, List<Disk> opened) {
    int equals = files.length > 1 ? given.indexOf('=') : -1;
    String file = given.substring(equals + 1);
    String offered =
        files.length == 1 ? name : equals >= 0 ? given.substring(0, equals) : fileName(file);
    boolean writing = !readOnly && snapshot.isEmpty();
    var disk =
        open(
            file,
            reading(format, false).withWritable(writing).withSyncing(syncing(cache)),
            snapshot);
    opened.add(disk);
    var export = NbdExport.of(offered, disk).describedAs(words);
    for (String bitmap : bitmaps) {
      export = export.withBitmap(bitmap);
    }
    return export;
  }

  private static String fileName(String file) {
    return String.valueOf(Path.of(file).getFileName());
  }

  private SocketAddress address() {
    if (!socket.isEmpty()) {
      return UnixDomainSocketAddress.of(path(socket));
    }
    return bind.isEmpty()
        ? new InetSocketAddress(InetAddress.getLoopbackAddress(), port)
        : new InetSocketAddress(bind, port);
  }
}
