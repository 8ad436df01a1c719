/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.convert.Comparison;
import dev.caisson.disk.convert.Conversion;
import dev.caisson.disk.qcow2.Qcow2Format;
import dev.caisson.disk.qcow2.compression.Compression;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RebasingTest {
  private static final int SIZE = 5 << 20;
  @TempDir Path folder;

  @Test
  void aDiskReadsTheSameOnAnotherBaseAndOnNone() throws IOException {
    byte[] model = chain();
    Files.write(folder.resolve("other"), new byte[SIZE / 2]);
    new Rebasing(Passphrases.NONE)
        .rebase(
            folder.resolve("top"), Optional.of("other"), Optional.of(DiskFormat.RAW), done -> {});
    assertThat(read("top")).isEqualTo(model);
    Files.delete(folder.resolve("base"));
    new Rebasing(Passphrases.NONE)
        .rebase(folder.resolve("top"), Optional.empty(), Optional.empty(), done -> {});
    Files.delete(folder.resolve("other"));
    assertThat(read("top")).isEqualTo(model);
  }

  @Test
  void aCommitMovesContentsDown() throws IOException {
    byte[] model = chain();
    new Rebasing(Passphrases.NONE).commit(folder.resolve("top"), false, done -> {});
    assertThat(Files.readAllBytes(folder.resolve("base"))).isEqualTo(model);
    assertThat(read("top")).isEqualTo(model);
  }

  @Test
  void conversionsKeepContents() throws IOException {
    byte[] model = chain();
    for (var compression : Compression.values()) {
      for (boolean packed : new boolean[] {false, true}) {
        Path target = folder.resolve("copy");
        DiskFiles.create(target, Qcow2Format.DEFAULT.withCompression(compression), SIZE);
        var writing = DiskOptions.WRITE.withFormat(DiskFormat.QCOW2).withSyncing(false);
        try (var from = DiskFiles.open(folder.resolve("top"), DiskOptions.READ);
            var into = DiskFiles.open(target, writing)) {
          Conversion.DEFAULT.withCompressed(packed).run(from, into, done -> {});
          assertThat(new Comparison(from, into).firstDifference(done -> {})).isEmpty();
        }
        assertThat(Arrays.equals(read("copy"), model)).isTrue();
      }
    }
  }

  @Test
  void sizesAreReadAsPeopleWriteThem() {
    assertThat(ByteCount.parse("10G")).isEqualTo(10L << 30);
    assertThat(ByteCount.parse("1.5k")).isEqualTo(1536);
    assertThat(ByteCount.parse("512")).isEqualTo(512);
    assertThat(ByteCount.of(100 << 20)).isEqualTo("100 MiB");
    assertThat(ByteCount.of(3 << 19)).isEqualTo("1.5 MiB");
    assertThat(ByteCount.of((1 << 21) - 1)).isEqualTo("2 MiB");
    assertThat(ByteCount.of((120 << 20) + (1 << 18))).isEqualTo("120 MiB");
  }

  /** A child with changes on a raw base; returns what it reads as. */
  private byte[] chain() throws IOException {
    var random = new Random(3);
    var model = new byte[SIZE];
    for (int i = 0; i < SIZE; i += 3) {
      model[i] = (byte) random.nextInt(9);
    }
    Files.write(folder.resolve("base"), model);
    DiskFiles.createChild(folder.resolve("top"), "base", DiskFormat.RAW);
    try (var disk = DiskFiles.open(folder.resolve("top"), DiskOptions.WRITE)) {
      var change = new byte[300_000];
      random.nextBytes(change);
      disk.write(1_000_000, change);
      System.arraycopy(change, 0, model, 1_000_000, change.length);
      ((dev.caisson.disk.Sparse) disk).writeZeroes(2_000_000, 500_000, true);
      Arrays.fill(model, 2_000_000, 2_500_000, (byte) 0);
    }
    return model;
  }

  private byte[] read(String name) {
    try (var disk = DiskFiles.open(folder.resolve(name), DiskOptions.READ)) {
      return disk.read(0, (int) disk.size());
    }
  }
}
