/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.qcow2.check.Repair;
import dev.caisson.disk.qcow2.cluster.PackedBatch;
import dev.caisson.disk.qcow2.compression.Compression;
import dev.caisson.disk.raw.RawDisk;
import dev.caisson.disk.storage.FileStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Random operations on random geometries, compared with an array in memory, and with qemu-img after
 * each batch. {@code -Dcaisson.disk.rounds=N} makes it longer, {@code -Dcaisson.disk.seed=N}
 * repeats one.
 */
@Tag("integration")
class DifferentialTest {
  private static final Path NONE = Path.of("");
  @TempDir Path folder;

  @BeforeAll
  static void oracle() {
    QemuImg.require();
  }

  static long[] seeds() {
    Long one = Long.getLong("caisson.disk.seed");
    if (one != null) {
      return new long[] {one};
    }
    var random = new Random(20_261_122);
    return random.longs(Integer.getInteger("caisson.disk.rounds", 24), 0, 1 << 30).toArray();
  }

  @ParameterizedTest(name = "seed {0}")
  @MethodSource("seeds")
  void contentsAndTablesStayRight(long seed) throws IOException {
    var random = new Random(seed);
    var format = format(random);
    int size = (1 + random.nextInt(4 << 20) & -512) + 512;
    Path base = folder.resolve("base.raw");
    var model = new byte[size];
    boolean based = format.dataFile().isEmpty() && random.nextBoolean();
    byte[] baseBytes = new byte[based ? 512 + random.nextInt(size) & -512 : 0];
    if (based) {
      random.nextBytes(baseBytes);
      Arrays.fill(baseBytes, baseBytes.length / 4, baseBytes.length / 2, (byte) 0);
      Files.write(base, baseBytes);
      format = format.withBacking("base.raw", "raw");
      System.arraycopy(baseBytes, 0, model, 0, Math.min(size, baseBytes.length));
    }
    Path path = folder.resolve("disk.qcow2");
    Images.create(path, format, size).close();
    Map<String, byte[]> snapshots = new HashMap<>();
    for (int batch = 0; batch < 5; batch++) {
      try (var disk = open(path, based ? base : NONE)) {
        for (int step = 0; step < 60; step++) {
          model = step(disk, model, baseBytes, random, snapshots, format);
        }
        assertThat(disk.read(0, model.length)).isEqualTo(model);
        for (var snapshot : disk.snapshots()) {
          assertThat(disk.openSnapshot(snapshot.id()).read(0, (int) snapshot.diskSize()))
              .isEqualTo(snapshots.get(snapshot.name()));
        }
      }
      var check = QemuImg.run("check", path.toString());
      assertThat(check.exitCode()).as("%s after batch %d: %s", format, batch, check).isZero();
      Path flat = folder.resolve("flat.raw");
      QemuImg.must("convert", "-O", "raw", path.toString(), flat.toString());
      assertThat(Arrays.equals(Files.readAllBytes(flat), model))
          .as("qemu-img reads the same")
          .isTrue();
      if (batch == 2) {
        qemuWrites(path, model, random);
      }
      try (var disk = open(path, based ? base : NONE)) {
        assertThat(disk.check(Repair.Extent.NONE).messages()).isEmpty();
      }
    }
  }

  private static Qcow2Disk open(Path path, Path base) {
    var file = FileStorage.open(path, true, FileStorage.Sharing.LOCKED);
    var disk =
        Qcow2Disk.open(
            file,
            Qcow2Access.PLAIN
                .withSyncing(false)
                .withDataFile(name ->
                    FileStorage.open(path.resolveSibling(name), true, FileStorage.Sharing.LOCKED)));
    if (!base.equals(NONE)) {
      disk.standOn(RawDisk.open(FileStorage.open(base, false, FileStorage.Sharing.LOCKED)));
    }
    return disk;
  }

  private Qcow2Format format(Random random) {
    if (random.nextInt(6) == 0) {
      return Qcow2Format.DEFAULT.withVersion(2).withClusterSize(1 << (9 + random.nextInt(10)));
    }
    var format = Qcow2Format.DEFAULT.withClusterSize(1 << (9 + random.nextInt(13)));
    format = format.withRefcountBits(1 << random.nextInt(7));
    if (format.clusterSize() >= 16_384 && random.nextBoolean()) {
      format = format.withExtendedL2(true);
    }
    if (random.nextBoolean()) {
      format = format.withCompression(Compression.ZSTD);
    }
    return random.nextInt(8) == 0
        ? format.withDataFile(folder.resolve("data.raw").toString(), random.nextBoolean())
        : format;
  }

  private static byte[] step(
      Qcow2Disk disk,
      byte[] model,
      byte[] base,
      Random random,
      Map<String, byte[]> snapshots,
      Qcow2Format format) {
    int offset = random.nextInt(model.length);
    int most = random.nextBoolean() ? 5_000 : 400_000;
    int length = random.nextInt(Math.min(model.length - offset, most) + 1);
    boolean plain = format.dataFile().isEmpty();
    switch (random.nextInt(14)) {
      case 0, 1 -> {
        disk.writeZeroes(offset, length, random.nextBoolean());
        Arrays.fill(model, offset, offset + length, (byte) 0);
      }
      case 2 -> {
        disk.discard(offset, length);
        disk.read(0, ByteBuffer.wrap(model)); // what a discard leaves is the disk's own choice
      }
      case 3 -> {
        if (plain) {
          pack(disk, model, offset, random);
        }
      }
      case 4 -> {
        if (plain && format.refcountBits() > 2 && snapshots.size() < 3) {
          String name = "s" + random.nextInt(1000);
          if (disk.snapshots().stream().noneMatch(old -> old.name().equals(name))) {
            disk.createSnapshot(name);
            snapshots.put(name, model.clone());
          }
        }
      }
      case 5 -> {
        var kept = disk.snapshots();
        if (!kept.isEmpty()) {
          var chosen = kept.get(random.nextInt(kept.size()));
          if (random.nextBoolean()) {
            disk.applySnapshot(chosen.id());
            return snapshots.get(chosen.name()).clone();
          }
          disk.deleteSnapshot(chosen.name());
          snapshots.remove(chosen.name());
        }
      }
      case 6 -> {
        if (random.nextInt(3) == 0 && (format.version() == 3 || disk.snapshots().isEmpty())) {
          int size = 512 + (random.nextInt(4 << 20) & -512);
          disk.resize(size);
          return Arrays.copyOf(model, size);
        }
      }
      case 7 -> disk.flush();
      default -> {
        var bytes = new byte[length];
        random.nextBytes(bytes);
        if (random.nextInt(4) == 0) {
          Arrays.fill(bytes, (byte) 0);
        }
        disk.write(offset, bytes);
        System.arraycopy(bytes, 0, model, offset, length);
      }
    }
    return model;
  }

  private static void pack(Qcow2Disk disk, byte[] model, int offset, Random random) {
    int cluster = disk.clusterSize();
    int from = offset & -cluster;
    int length = Math.min(cluster, model.length - from);
    var plain = new byte[cluster];
    for (int i = 0; i < length; i++) {
      plain[i] = (byte) random.nextInt(7);
    }
    var packed = new byte[cluster - 1];
    int size = disk.compression().pack(plain, cluster, packed);
    if (size > 0) {
      var batch = new PackedBatch(1, cluster);
      batch.add(from, packed, size);
      disk.writePacked(batch);
      System.arraycopy(plain, 0, model, from, length);
    }
  }

  private static void qemuWrites(Path path, byte[] model, Random random) {
    for (int i = 0; i < 8; i++) {
      int offset = random.nextInt(model.length) & -512;
      int length = Math.min(model.length - offset, 512 * (1 + random.nextInt(200))) & -512;
      if (length == 0) {
        continue;
      }
      int pattern = 1 + random.nextInt(255);
      String write = "write -P %d %d %d".formatted(pattern, offset, length);
      assertThat(QemuImg.io("-f", "qcow2", "-c", write, path.toString()).exitCode()).isZero();
      Arrays.fill(model, offset, offset + length, (byte) pattern);
    }
  }
}
