/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Security notes 30: a file of 10 GiB of holes costs nothing to make, and would fill a disk. */
class LayerTarTest {
  private static final long SIZE = 10L << 30;
  private static final FileTime TIME = FileTime.fromMillis(0);

  @TempDir private Path folder;

  @Test
  void aFileOfTenGigabytesOfHolesIsRefusedBeforeItIsRead() throws IOException {
    var sparse = folder.resolve("sparse");
    try (var file = new RandomAccessFile(sparse.toFile(), "rw")) {
      file.setLength(SIZE);
    }
    var out = new ByteArrayOutputStream();
    var ownership = new LayerTar.Ownership(Optional.empty(), Optional.empty(), Optional.empty());
    var tar = new LayerTar(out, ownership);
    try (InputStream content = Files.newInputStream(sparse)) {
      assertThatThrownBy(() -> tar.file("sparse", 0644, TIME, SIZE, content))
          .isInstanceOf(BuildException.class)
          .hasMessageContaining("sparse")
          .hasMessageContaining("larger than");
    }
    assertThat(out.size()).isLessThan(1 << 20);
  }
}
