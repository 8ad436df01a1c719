/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.raw;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskContract;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.storage.FileStorage;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RawDiskTest implements DiskContract {
  @TempDir Path folder;

  @Override
  public Disk blank(long size) {
    return RawDisk.create(
        FileStorage.create(folder.resolve("disk.raw"), FileStorage.Sharing.LOCKED), size);
  }

  @Test
  void aSecondWriterIsRefused() {
    try (var first = blank(4096)) {
      assertThatThrownBy(() -> blank(4096))
          .isInstanceOfSatisfying(
              DiskException.class,
              refused -> assertThat(refused.kind()).isEqualTo(DiskException.Kind.LOCKED));
      assertThat(first.read(0, 1)).containsOnly(0);
    }
    blank(4096).close();
  }

  @Test
  void anInterruptedThreadDoesNotTakeTheDiskAway() {
    try (var disk = blank(4096)) {
      Thread.currentThread().interrupt();
      disk.write(0, new byte[] {1});
      assertThat(Thread.interrupted()).isTrue();
      assertThat(disk.read(0, 2)).containsExactly(1, 0);
    }
  }

  @Test
  void truncationWhileOpenIsAnInputError() throws IOException {
    try (var disk = blank(8192)) {
      try (var other = FileChannel.open(folder.resolve("disk.raw"), StandardOpenOption.WRITE)) {
        other.truncate(10);
      }
      assertThatThrownBy(() -> disk.read(4096, 10))
          .isInstanceOfSatisfying(
              DiskException.class,
              failure -> assertThat(failure.kind()).isEqualTo(DiskException.Kind.IO));
    }
  }

  @Test
  void aFolderIsNotADisk() throws IOException {
    Path sub = Files.createDirectory(folder.resolve("sub"));
    assertThatThrownBy(() -> FileStorage.open(sub, false, FileStorage.Sharing.LOCKED))
        .hasMessageContaining("is a directory; name a file in it");
  }
}
