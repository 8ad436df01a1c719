/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.nbd.NbdExport;
import dev.caisson.disk.nbd.NbdServer;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "serve", description = "Offer a disk over NBD until interrupted")
final class ServeDisk extends DiskCommand {
  @Option(names = "-f", defaultValue = "", description = "the format, instead of looking")
  String format = "";

  @Option(
      names = {"-k", "--socket"},
      defaultValue = "",
      description = "Unix socket to listen on")
  String socket = "";

  @Option(
      names = {"-p", "--port"},
      defaultValue = "10809",
      description = "port on loopback")
  int port;

  @Option(
      names = {"-x", "--export-name"},
      defaultValue = "",
      description = "name of the export")
  String name = "";

  @Option(
      names = {"-B", "--bitmap"},
      description = "dirty bitmaps that clients may query")
  String[] bitmaps = {};

  @Option(
      names = {"-r", "--read-only"},
      description = "clients cannot write")
  boolean readOnly;

  @Parameters(index = "0", paramLabel = "FILE", description = "the disk")
  String file = "";

  @Override
  int run() {
    var ended = new CountDownLatch(1);
    console().onSignal(signal -> ended.countDown());
    try (var disk = DiskFiles.open(path(file), reading(format, false).withWritable(!readOnly))) {
      var export = NbdExport.of(name, disk);
      for (String bitmap : bitmaps) {
        export = export.withBitmap(bitmap);
      }
      var address =
          socket.isEmpty()
              ? new InetSocketAddress(java.net.InetAddress.getLoopbackAddress(), port)
              : UnixDomainSocketAddress.of(path(socket));
      try (var server = NbdServer.builder().export(export).listen(address).start()) {
        say("serving '%s' at %s".formatted(file, server.addresses().getFirst()));
        console().out().flush();
        ended.await();
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
      }
    }
    return 0;
  }
}
