/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.nbd.server.NbdExport;
import dev.caisson.disk.nbd.server.NbdServer;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/** Serves one file on a Unix socket, for bench/nbd and bench/disk: chains of qcow2 read-only, raw files for writing. */
public final class NbdServe {
  private NbdServe() {}

  /** Takes the file and the socket. */
  public static void main(String[] arguments) throws Exception {
    Path file = Path.of(arguments[0]);
    boolean raw = !file.toString().endsWith(".qcow2");
    var options = (raw ? DiskOptions.WRITE : DiskOptions.READ).withUnlocked(true);
    var socket = UnixDomainSocketAddress.of(arguments[1]);
    try (var disk = DiskFiles.open(file, options.withFormat(raw ? DiskFormat.RAW : DiskFormat.QCOW2));
        var server = NbdServer.builder().export(NbdExport.of("", disk)).listen(socket).start()) {
      server.awaitClosed();
    }
  }
}
