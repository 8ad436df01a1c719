/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.Snapshots;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of docs/disks.md. */
class DisksPageTest {
  @TempDir Path folder;

  @Test
  void theExampleWorks() throws IOException {
    Files.write(folder.resolve("base.raw"), new byte[1 << 20]);
    DiskFiles.createChild(folder.resolve("web.qcow2"), "base.raw", DiskFormat.RAW);
    try (var disk = DiskFiles.open(folder.resolve("web.qcow2"), DiskOptions.WRITE)) {
      disk.write(4096, "hello".getBytes(UTF_8));
      disk.flush();
      if (disk instanceof Snapshots kept) {
        kept.createSnapshot("before the upgrade");
      }
      byte[] back = disk.read(4096, 5);
      assertThat(back).isEqualTo("hello".getBytes(UTF_8));
      assertThat(((Snapshots) disk).snapshots()).hasSize(1);
    }
  }
}
