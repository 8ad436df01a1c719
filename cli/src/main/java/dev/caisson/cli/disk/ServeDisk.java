/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
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

@Command(name = "serve", description = "Offer a disk over NBD until interrupted")
final class ServeDisk extends DiskCommand {
  private String format = "";
  private String socket = "";
  private int port = 10809;
  private String bind = "";
  private String name = "";
  private String told = "";
  private String[] bitmaps = {};
  private boolean readOnly;
  private String snapshot = "";
  private String tls = "";
  private boolean verify;
  private boolean persistent;
  private int shared;
  private boolean depth;
  private String cache = "writeback";
  private String[] files = {};

  @Override
  void declare(Words words) {
    words.value("FORMAT", "the format, instead of looking", value -> format = value, "-f");
    words.value("FILE", "Unix socket to listen on", value -> socket = value, "-k", "--socket");
    words.number("PORT", "TCP port", value -> port = value, "-p", "--port");
    words.value(
        "ADDRESS",
        "address to listen on; default: loopback",
        value -> bind = value,
        "-b",
        "--bind");
    words.value(
        "NAME",
        "name of the export, if there is one disk",
        value -> name = value,
        "-x",
        "--export-name");
    words.value("TEXT", "a line for people", value -> told = value, "-D", "--description");
    words.value(
        "BITMAP",
        "dirty bitmaps that clients may query",
        value -> bitmaps = Words.appended(bitmaps, value),
        "-B",
        "--bitmap");
    words.flag("clients cannot write", () -> readOnly = true, "-r", "--read-only");
    declareClients(words);
    words.arguments(
        "DISK",
        "the disk; of several, each is NAME=FILE or offered under its file's name",
        1,
        value -> files = Words.appended(files, value));
  }

  private void declareClients(Words words) {
    words.value(
        "SNAPSHOT",
        "offer this snapshot, read-only",
        value -> snapshot = value,
        "-l",
        "--load-snapshot");
    words.value(
        "FOLDER", "encrypt, with QEMU's file names in this folder", value -> tls = value, "--tls");
    words.flag(
        "clients must show a certificate; needed beyond loopback",
        () -> verify = true,
        "--verify-peer");
    words.flag(
        "accepted: it always goes on until interrupted",
        () -> persistent = true,
        "-t",
        "--persistent");
    words.number(
        "NUMBER",
        "accepted: up to 256 clients always share a disk",
        value -> shared = value,
        "-e",
        "--shared");
    words.flag("accepted: always offered", () -> depth = true, "-A", "--allocation-depth");
    words.value("MODE", "cache mode", value -> cache = value, "--cache");
  }

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
    var export = NbdExport.of(offered, disk).describedAs(told);
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
