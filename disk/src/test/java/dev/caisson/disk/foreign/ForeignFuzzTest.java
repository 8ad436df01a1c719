/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.foreign;

import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.Fuzzing;
import dev.caisson.disk.MemoryStorage;
import dev.caisson.disk.Tools;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images of qemu-img with a few bytes changed: read, or refused, and nothing else. */
@Tag("integration")
class ForeignFuzzTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "vmdk, subformat=monolithicSparse, 131072",
    "vmdk, subformat=streamOptimized, 262144",
    "vpc, subformat=dynamic, 4096",
    "vpc, subformat=fixed, 0",
    "vhdx, block_size=1M, 4194304",
    "vdi, static=off, 4096"
  })
  @Timeout(3600)
  void spoiltImagesAreReadOrRefused(String label, String options, int metadata) throws IOException {
    Tools.need("qemu-img");
    Path raw = Tools.mixedFile(folder.resolve("raw"), 256 << 10, 3);
    Path image = folder.resolve("image");
    Tools.run("qemu-img", "convert", "-f", "raw", "-O", label, "-o", options, "" + raw, "" + image);
    byte[] good = Files.readAllBytes(image);
    var format = DiskFormat.named(label).orElseThrow();
    Fuzzing.repeat(random -> attempt(format, good, metadata, random));
  }

  private static void attempt(DiskFormat format, byte[] good, int metadata, Random random) {
    byte[] spoilt = good.clone();
    int head = Math.min(good.length, metadata);
    if (head > 0 && random.nextInt(8) > 0) {
      spoilMetadata(spoilt, head, random);
    } else {
      Fuzzing.spoil(spoilt, good.length - 1536, good.length, random);
    }
    if (random.nextInt(10) == 0) {
      spoilt = java.util.Arrays.copyOf(spoilt, random.nextInt(spoilt.length));
    }
    if (random.nextBoolean()) {
      correctChecksums(format, spoilt);
    }
    var storage = new MemoryStorage(spoilt);
    Fuzzing.allowed(() -> {
      try (var disk = ForeignDisk.open(format, storage)) {
        long size = disk.size();
        for (long at = 0; at < size && at < 4 << 20; ) {
          at = disk.extent(at, size - at).end();
        }
        int length = (int) Math.min(size, 300_000);
        Fuzzing.allowed(() -> disk.read(0, length));
        Fuzzing.allowed(() -> disk.read(size - length, length));
      }
    });
  }

  /** Most of metadata is zero and unread: what is not zero is worth changing. */
  private static void spoilMetadata(byte[] bytes, int end, Random random) {
    for (int tries = 0; tries < 10_000; tries++) {
      int at = random.nextInt(end);
      if (bytes[at] != 0) {
        Fuzzing.spoil(bytes, Math.max(0, at - 8), Math.min(end, at + 8), random);
        return;
      }
    }
    Fuzzing.spoil(bytes, 0, Math.min(512, end), random);
  }

  /** So that what stands behind a checksum is tried as well. */
  private static void correctChecksums(DiskFormat format, byte[] bytes) {
    if (format == DiskFormat.VHD && bytes.length > 1536) {
      var file = ByteBuffer.wrap(bytes);
      file.putInt(64, VhdFooter.checksum(file.slice(0, 512), 64));
      file.putInt(512 + 36, VhdFooter.checksum(file.slice(512, 1024), 36));
    }
    if (format == DiskFormat.VHDX && bytes.length > 1 << 20) {
      var file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
      int[][] parts = {{64, 4}, {128, 4}, {192, 64}, {256, 64}};
      for (int[] part : parts) {
        int at = part[0] << 10;
        file.putInt(at + 4, VhdxHeader.checksum(file.slice(at, part[1] << 10)));
      }
    }
  }
}
