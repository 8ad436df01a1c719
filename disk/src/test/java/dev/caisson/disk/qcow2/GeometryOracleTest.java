/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.qcow2.check.Repair;
import dev.caisson.disk.storage.FileStorage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every cluster size and every refcount width, with and without subclusters and data files: images
 * that qemu-img made and we write, and the other way round.
 */
@Tag("integration")
class GeometryOracleTest {
  private static final int SIZE = 5 << 20;

  @TempDir Path folder;
  private final byte[] model = new byte[SIZE];

  @BeforeAll
  static void oracle() {
    QemuImg.require();
  }

  static List<String> shapes() {
    List<String> all = new ArrayList<>();
    for (int bits = 9; bits <= 21; bits++) {
      all.add("cluster_size=%d,refcount_bits=%d".formatted(1 << bits, 1 << (bits - 9) % 7));
      if (bits >= 14) {
        int width = 1 << bits % 7;
        all.add("cluster_size=%d,refcount_bits=%d,extended_l2=on".formatted(1 << bits, width));
      }
    }
    all.add("compat=0.10");
    all.add("compat=0.10,cluster_size=4096");
    all.add("lazy_refcounts=on");
    all.add("compression_type=zstd,refcount_bits=1");
    all.add("data_file=data.raw,data_file_raw=on");
    all.add("data_file=data.raw,extended_l2=on");
    return all;
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("shapes")
  void qemuAndWeWriteTheSameImage(String options) throws IOException {
    Path image = folder.resolve("x.qcow2");
    String fitting = options.replace("data.raw", folder.resolve("data.raw").toString());
    QemuImg.must(
        "create", "-q", "-f", "qcow2", "-o", fitting, image.toString(), Integer.toString(SIZE));
    var random = new Random(options.hashCode());
    qemuWrites(image, random);
    for (int round = 0; round < 2; round++) {
      try (var disk = open(image)) {
        assertThat(Arrays.equals(disk.read(0, SIZE), model)).as("we read").isTrue();
        change(disk, random);
        assertThat(disk.check(Repair.Extent.NONE).messages()).isEmpty();
      }
      var check = QemuImg.run("check", image.toString());
      assertThat(check.exitCode()).as(check.output()).isZero();
      qemuWrites(image, random);
      Path flat = folder.resolve("flat");
      QemuImg.must("convert", "-f", "qcow2", "-O", "raw", image.toString(), flat.toString());
      assertThat(Arrays.equals(Files.readAllBytes(flat), model)).as("qemu reads").isTrue();
    }
    try (var disk = open(image)) {
      assertThat(Arrays.equals(disk.read(0, SIZE), model)).isTrue();
    }
  }

  private void change(Qcow2Disk disk, Random random) {
    for (int i = 0; i < 25; i++) {
      int offset = random.nextInt(SIZE);
      int length = random.nextInt(Math.min(SIZE - offset, 150_000) + 1);
      if (random.nextInt(4) == 0) {
        disk.writeZeroes(offset, length, random.nextBoolean());
        Arrays.fill(model, offset, offset + length, (byte) 0);
        continue;
      }
      var bytes = new byte[length];
      random.nextBytes(bytes);
      disk.write(offset, bytes);
      System.arraycopy(bytes, 0, model, offset, length);
    }
  }

  private void qemuWrites(Path image, Random random) {
    List<String> words = new ArrayList<>(List.of("-f", "qcow2"));
    for (int i = 0; i < 6; i++) {
      int offset = random.nextInt(SIZE - 100_000) & -512;
      int length = 512 * (1 + random.nextInt(190));
      int pattern = random.nextInt(4) == 0 ? 0 : 1 + random.nextInt(255);
      String command = pattern == 0 ? "write -z %d %d" : "write -P " + pattern + " %d %d";
      words.addAll(List.of("-c", command.formatted(offset, length)));
      Arrays.fill(model, offset, offset + length, (byte) pattern);
    }
    words.add(image.toString());
    var answer = QemuImg.io(words.toArray(String[]::new));
    assertThat(answer.exitCode()).as(answer.output()).isZero();
  }

  private static Qcow2Disk open(Path image) {
    var file = FileStorage.open(image, true, FileStorage.Sharing.LOCKED);
    return Qcow2Disk.open(
        file,
        Qcow2Access.PLAIN
            .withSyncing(false)
            .withDataFile(
                name -> FileStorage.open(Path.of(name), true, FileStorage.Sharing.LOCKED)));
  }
}
