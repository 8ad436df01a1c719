/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.Resizable;
import dev.caisson.disk.Tools;
import dev.caisson.disk.qcow2.Qcow2Format;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random writes, resizes, commits and rebases on a chain of three, each by us or by qemu-img; after
 * every step both read the same, and every file checks clean. {@code -Dcaisson.disk.rounds=N} makes
 * it longer, {@code -Dcaisson.disk.seed=N} repeats one.
 */
@Tag("integration")
class ChainOracleTest {
  private static final int SIZE = 2 << 20;
  private static final String[] NAMES = {"a.qcow2", "b.qcow2", "c.qcow2"};

  @TempDir Path folder;
  private byte[] model = new byte[SIZE];

  static long[] seeds() {
    Long one = Long.getLong("caisson.disk.seed");
    int rounds = Integer.getInteger("caisson.disk.rounds", 6);
    return one != null ? new long[] {one} : new Random(31).longs(rounds, 0, 1 << 30).toArray();
  }

  @BeforeEach
  void oracle() {
    Tools.need("qemu-img", "qemu-io");
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void chainsStayRightWhoeverChangesThem(long seed) throws IOException {
    var random = new Random(seed);
    Qcow2Format shape = shape(random);
    DiskFiles.create(file(0), shape, SIZE);
    write(0, random);
    for (int i = 1; i < NAMES.length; i++) {
      DiskFiles.create(file(i), shape(random).withBacking(NAMES[i - 1], "qcow2"), SIZE);
      write(i, random);
    }
    for (int step = 0; step < 10; step++) {
      step(random);
      verify("seed %d, step %d".formatted(seed, step));
    }
  }

  private void step(Random random) throws IOException {
    boolean ours = random.nextBoolean();
    switch (random.nextInt(6)) {
      case 0 -> resize(512 * (1 + random.nextInt(2 * SIZE / 512)), ours);
      case 1 -> {
        if (ours) {
          new Rebasing(Passphrases.NONE).commit(file(2), false, done -> {});
        } else {
          Tools.run("qemu-img", "commit", "-q", "-f", "qcow2", "" + file(2));
        }
      }
      case 2 -> rebase(random.nextBoolean() ? NAMES[0] : NAMES[1], ours);
      default -> write(2, random);
    }
  }

  private void rebase(String base, boolean ours) {
    if (ours) {
      new Rebasing(Passphrases.NONE)
          .rebase(file(2), Optional.of(base), Optional.of(DiskFormat.QCOW2), done -> {});
    } else {
      Tools.run("qemu-img", "rebase", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base, "" + file(2));
    }
  }

  private void resize(int size, boolean ours) throws IOException {
    if (ours) {
      try (var disk = DiskFiles.open(file(2), DiskOptions.WRITE)) {
        ((Resizable) disk).resize(size);
      }
    } else {
      Tools.run("qemu-img", "resize", "-q", "--shrink", "-f", "qcow2", "" + file(2), "" + size);
    }
    model = Arrays.copyOf(model, size);
  }

  private void write(int which, Random random) {
    int offset = random.nextInt(model.length) & -512;
    int length = Math.min(model.length - offset, 512 * (1 + random.nextInt(400)));
    int pattern = random.nextInt(256);
    if (random.nextBoolean()) {
      var bytes = new byte[length];
      Arrays.fill(bytes, (byte) pattern);
      try (var disk = DiskFiles.open(file(which), DiskOptions.WRITE)) {
        disk.write(offset, bytes);
      }
    } else {
      String command = "write -P %d %d %d".formatted(pattern, offset, length);
      Tools.run("qemu-io", "-f", "qcow2", "-c", command, "" + file(which));
    }
    Arrays.fill(model, offset, offset + length, (byte) pattern);
  }

  private void verify(String when) throws IOException {
    try (var disk = DiskFiles.open(file(2), DiskOptions.READ)) {
      assertThat(disk.size()).as(when).isEqualTo(model.length);
      assertThat(Arrays.equals(disk.read(0, model.length), model)).as("we, " + when).isTrue();
    }
    Path flat = folder.resolve("flat");
    Tools.run("qemu-img", "convert", "-f", "qcow2", "-O", "raw", "" + file(2), "" + flat);
    assertThat(Arrays.equals(Files.readAllBytes(flat), model)).as("qemu, " + when).isTrue();
    for (int i = 0; i < NAMES.length; i++) {
      var check = Tools.tryRun("qemu-img", "check", "" + file(i));
      assertThat(check.exitCode()).as(when + ", " + NAMES[i] + ": " + check.output()).isZero();
    }
  }

  private static Qcow2Format shape(Random random) {
    var shape = Qcow2Format.DEFAULT.withClusterSize(1 << (9 + random.nextInt(10)));
    return shape.clusterSize() >= 16_384 && random.nextBoolean()
        ? shape.withExtendedL2(true)
        : shape;
  }

  private Path file(int which) {
    return folder.resolve(NAMES[which]);
  }
}
