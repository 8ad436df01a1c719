/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.disk.nbd.NbdExport;
import dev.caisson.disk.nbd.NbdServer;
import dev.caisson.disk.raw.RawDisk;
import dev.caisson.disk.storage.FileStorage;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;

/** Serves one raw file on a Unix socket, for bench/nbd. */
public final class NbdServe {
  private NbdServe() {}

  /** Takes the file and the socket. */
  public static void main(String[] arguments) throws Exception {
    var storage = FileStorage.open(Path.of(arguments[0]), true, FileStorage.Sharing.UNLOCKED);
    var socket = UnixDomainSocketAddress.of(arguments[1]);
    try (var disk = RawDisk.open(storage);
        var server = NbdServer.builder().export(NbdExport.of("", disk)).listen(socket).start()) {
      server.awaitClosed();
    }
  }
}
