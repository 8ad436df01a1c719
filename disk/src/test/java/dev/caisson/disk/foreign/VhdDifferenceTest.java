/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.foreign;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.Extent;
import dev.caisson.disk.storage.FileStorage;
import dev.caisson.disk.storage.Storage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Differencing VHDs, made here byte by byte: qemu-img knows none. */
class VhdDifferenceTest {
  private static final int BLOCK = 64 << 10;
  private static final int SIZE = 4 * BLOCK;
  private static final UUID BASE = new UUID(1, 2);
  private static final UUID CHILD = new UUID(3, 4);

  @TempDir private Path folder;

  private static ByteBuffer footer(int type, UUID id) {
    var footer = ByteBuffer.allocate(512);
    footer.put(0, "conectix".getBytes(StandardCharsets.US_ASCII));
    footer.putLong(16, 512).put(28, "win ".getBytes(StandardCharsets.US_ASCII));
    footer.putLong(40, SIZE).putLong(48, SIZE).putInt(60, type);
    footer.putLong(68, id.getMostSignificantBits()).putLong(76, id.getLeastSignificantBits());
    return footer.putInt(64, VhdFooter.checksum(footer, 64));
  }

  /** One block, the second, is there, filled with {@code fill}; only some sectors count. */
  private Storage write(String name, int type, UUID id, int fill, int bits) throws IOException {
    var file = ByteBuffer.allocate(4096 + BLOCK + 512);
    file.put(0, footer(type, id).array());
    var header = ByteBuffer.allocate(1024);
    header.put(0, "cxsparse".getBytes(StandardCharsets.US_ASCII));
    header.putLong(8, -1).putLong(16, 2048).putInt(24, 1 << 16).putInt(28, 4).putInt(32, BLOCK);
    header.putLong(40, BASE.getMostSignificantBits()).putLong(48, BASE.getLeastSignificantBits());
    header.put(64, "base.vhd".getBytes(StandardCharsets.UTF_16BE));
    header.putInt(36, VhdFooter.checksum(header, 36));
    file.put(512, header.array());
    for (int i = 0; i < 4; i++) {
      file.putInt(2048 + i * 4, i == 1 ? 5 : -1);
    }
    for (int i = 0; i < BLOCK / 512 / 8; i++) {
      file.put(5 * 512 + i, (byte) bits);
    }
    for (int i = 0; i < BLOCK; i++) {
      file.put(6 * 512 + i, (byte) fill);
    }
    file.put(file.capacity() - 512, footer(type, id).array());
    Path path = Files.write(folder.resolve(name), file.array());
    return FileStorage.open(path, false, FileStorage.Sharing.LOCKED);
  }

  @Test
  void sectorsComeFromWhicheverFileHoldsThem() throws IOException {
    var base = VhdDisk.open(write("base.vhd", VhdFooter.DYNAMIC, BASE, 7, 0xff));
    // Every other sector, beginning with the first: the highest bit is the first sector.
    try (var child =
        VhdDisk.open(write("child.vhd", VhdFooter.DIFFERENCING, CHILD, 9, 0b1010_1010), base)) {
      byte[] all = child.read(0, SIZE);
      for (int sector = 0; sector < SIZE / 512; sector++) {
        boolean inside = sector >= BLOCK / 512 && sector < 2 * BLOCK / 512;
        int expected = !inside ? 0 : sector % 2 == 0 ? 9 : 7;
        assertThat(Arrays.copyOfRange(all, sector * 512, sector * 512 + 512))
            .containsOnly(expected);
      }
      assertThat(child.extent(BLOCK, BLOCK))
          .extracting(Extent::length, Extent::depth)
          .containsExactly(512L, 0);
      assertThat(child.extent(BLOCK + 512, BLOCK - 512))
          .extracting(Extent::length, Extent::depth)
          .containsExactly(512L, 1);
      assertThat(child.extent(0, SIZE).kind()).isEqualTo(Extent.Kind.HOLE);
      assertThat(child.baseName()).contains("base.vhd");
    }
  }

  @Test
  void aDifferenceNeedsItsBaseAndTheRightOne() throws IOException {
    assertThatThrownBy(() -> VhdDisk.open(write("c", VhdFooter.DIFFERENCING, CHILD, 9, 0xff)))
        .hasMessageContaining("'base.vhd'");
    var stranger = VhdDisk.open(write("s", VhdFooter.DYNAMIC, CHILD, 9, 0xff));
    var child = write("c", VhdFooter.DIFFERENCING, CHILD, 9, 0xff);
    assertThatThrownBy(() -> VhdDisk.open(child, stranger))
        .isInstanceOfSatisfying(
            DiskException.class,
            refused -> assertThat(refused.kind()).isEqualTo(DiskException.Kind.CONFLICT));
  }
}
