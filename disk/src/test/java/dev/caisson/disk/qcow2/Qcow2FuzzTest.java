/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.Fuzzing;
import dev.caisson.disk.MemoryStorage;
import dev.caisson.disk.qcow2.check.Repair;
import dev.caisson.disk.qcow2.cluster.PackedBatch;
import dev.caisson.disk.qcow2.format.Header;
import dev.caisson.disk.qcow2.format.L2Entry;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Images with spoilt headers, tables and snapshot tables: read or refused, and a write never
 * changes the metadata of another part. {@code -Dfuzz.seconds=N} for each target.
 */
@Timeout(36_000)
class Qcow2FuzzTest {
  private static final int CLUSTER = 4096;
  private static final int SIZE = 1 << 20;
  private static byte[] good = new byte[0];
  private static int l1;
  private static int snapshots;

  @BeforeAll
  static void makeOne() {
    var storage = new MemoryStorage(new byte[0]);
    Qcow2Format.DEFAULT.withClusterSize(CLUSTER).write(storage, SIZE);
    try (var disk = Qcow2Disk.open(storage, Qcow2Access.PLAIN)) {
      disk.write(0, new byte[200_000]);
      disk.createSnapshot("one");
      disk.write(70_000, new byte[30_000]);
      disk.writeZeroes(300_000, 50_000, false);
      disk.createSnapshot("two");
      pack(disk);
    }
    good = new byte[(int) storage.size()];
    storage.read(0, ByteBuffer.wrap(good));
    l1 = (int) ByteBuffer.wrap(good).getLong(40);
    snapshots = (int) ByteBuffer.wrap(good).getLong(64);
  }

  private static void pack(Qcow2Disk disk) {
    var plain = new byte[CLUSTER];
    Arrays.fill(plain, (byte) 7);
    var packed = new byte[CLUSTER - 1];
    var batch = new PackedBatch(1, CLUSTER);
    batch.add(100 * CLUSTER, packed, disk.compression().pack(plain, CLUSTER, packed));
    disk.writePacked(batch);
  }

  @Test
  void spoiltHeadersAreReadOrRefused() {
    Fuzzing.repeat(random -> attempt(0, 400, random));
  }

  @Test
  void spoiltL1AndL2TablesAreReadOrRefused() {
    Fuzzing.repeat(random -> {
      long table = ByteBuffer.wrap(good).getLong(l1) & L2Entry.OFFSET;
      boolean lower = random.nextBoolean();
      int at = lower ? (int) table : l1;
      attempt(at, at + (lower ? 256 * 8 : 16), random);
    });
  }

  @Test
  void spoiltRefcountTablesAndBlocksAreReadOrRefused() {
    Fuzzing.repeat(random -> {
      int at = random.nextBoolean() ? CLUSTER : 2 * CLUSTER;
      attempt(at, at + (at == CLUSTER ? 16 : 400), random);
    });
  }

  @Test
  void spoiltSnapshotTablesAreReadOrRefused() {
    Fuzzing.repeat(random -> attempt(snapshots, snapshots + 150, random));
  }

  @Test
  void filesCutAnywhereAreReadOrRefused() {
    Fuzzing.repeat(random -> use(Arrays.copyOf(good, random.nextInt(good.length)), random));
  }

  @Test
  void noiseIsReadOrRefused() {
    Fuzzing.repeat(random -> {
      var bytes = new byte[random.nextInt(3 * CLUSTER)];
      random.nextBytes(bytes);
      if (bytes.length > 8) {
        ByteBuffer.wrap(bytes).putInt(Header.MAGIC).putInt(2 + random.nextInt(2));
      }
      use(bytes, random);
    });
  }

  private static void attempt(int from, int to, Random random) {
    byte[] bad = good.clone();
    Fuzzing.spoil(bad, from, to, random);
    use(bad, random);
  }

  private static void use(byte[] bytes, Random random) {
    var storage = new MemoryStorage(bytes);
    Fuzzing.allowed(() -> {
      try (var disk =
          Qcow2Disk.open(storage, Qcow2Access.PLAIN.withRepairing(random.nextBoolean()))) {
        int length = (int) Math.min(disk.size(), 300_000);
        Fuzzing.allowed(() -> disk.read(0, length));
        Fuzzing.allowed(() -> disk.extent(disk.size() / 2, disk.size() - disk.size() / 2));
        Fuzzing.allowed(() -> disk.snapshots());
        Fuzzing.allowed(() -> disk.openSnapshot("one").read(0, 1000));
        Fuzzing.allowed(() -> disk.check(Repair.Extent.NONE));
        if (random.nextBoolean()) {
          change(disk, random);
        }
      }
    });
    byte[] start = new byte[8];
    if (storage.size() >= 8) {
      storage.read(0, ByteBuffer.wrap(start));
      assertThat(Arrays.copyOf(start, 4)).isEqualTo(Arrays.copyOf(bytes, 4)); // never overwritten
    }
  }

  private static void change(Qcow2Disk disk, Random random) {
    Fuzzing.allowed(() -> disk.write(disk.size() / 2, new byte[100]));
    Fuzzing.allowed(() -> disk.writeZeroes(0, Math.min(disk.size(), 100_000), true));
    Fuzzing.allowed(() -> disk.createSnapshot("three"));
    Fuzzing.allowed(() -> disk.deleteSnapshot("one"));
    Fuzzing.allowed(
        () -> disk.check(random.nextBoolean() ? Repair.Extent.ALL : Repair.Extent.LEAKS));
  }
}
