/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskContract;
import dev.caisson.disk.nbd.client.NbdDisk;
import dev.caisson.disk.nbd.client.NbdOptions;
import dev.caisson.disk.nbd.client.NbdUri;
import dev.caisson.disk.nbd.server.NbdExport;
import dev.caisson.disk.nbd.server.NbdServer;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** Our client and our server together are a disk like any other. */
class NbdDiskContractTest implements DiskContract {
  @TempDir private Path folder;
  private final List<AutoCloseable> open = new ArrayList<>();

  @Override
  public Disk blank(long size) {
    var address = UnixDomainSocketAddress.of(folder.resolve(open.size() + ".sock"));
    var server =
        NbdServer.builder()
            .export(NbdExport.of("x", new MemoryDisk((int) size)))
            .listen(address)
            .start();
    open.add(server);
    return NbdDisk.open(
        NbdUri.parse("nbd+unix:///x?socket=" + address.getPath()), NbdOptions.WRITE);
  }

  @AfterEach
  void closeServers() throws Exception {
    for (var server : open) {
      server.close();
    }
    assertThat(folder).isEmptyDirectory();
  }
}
