/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.check.Repair;
import dev.caisson.disk.qcow2.format.L2Entry;
import dev.caisson.disk.storage.FileStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Images made to harm their reader; notes on security, lines 41 to 45. */
class HostileImageTest {
  private static final int SIZE = 1 << 20;
  @TempDir Path folder;
  private Path image;

  @BeforeEach
  void sane() {
    image = folder.resolve("x.qcow2");
    try (var disk = Images.create(image, Qcow2Format.DEFAULT, SIZE)) {
      disk.write(0, new byte[200_000]);
      disk.createSnapshot("s");
      disk.write(70_000, new byte[] {1});
    }
  }

  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "cluster bits 8, 20, 4, 8",
    "cluster bits 22, 20, 4, 22",
    "cluster bits negative, 20, 4, -1",
    "negative size, 24, 8, -512",
    "size beyond the L1 table, 24, 8, 9000000000000000000",
    "L1 of 2 GiB, 36, 4, 268435456",
    "negative L1, 36, 4, -1",
    "L1 unaligned, 40, 8, 100",
    "L1 in the header, 40, 8, 0",
    "L1 past the end, 40, 8, 1099511627776",
    "L1 wraps, 40, 8, 9223372036854710272",
    "refcount table unaligned, 48, 8, 77",
    "refcount table huge, 56, 4, 2147483647",
    "no refcount table, 56, 4, 0",
    "snapshots 2^31, 60, 4, -2147483648",
    "70000 snapshots, 60, 4, 70000",
    "unknown feature, 72, 8, 1024",
    "refcount order 7, 96, 4, 7",
    "header length 2^31, 100, 4, -2147483648",
    "header length 100, 100, 4, 100",
    "backing name outside, 8, 8, 65535",
    "encryption 3, 32, 4, 3"
  })
  void absurdHeadersAreRefusedAtOnce(String what, int at, int width, long value)
      throws IOException {
    put(at, width, value);
    if (at == 8) {
      put(16, 4, 1000);
    }
    assertThatThrownBy(() -> Images.open(image, false).close())
        .as(what)
        .isInstanceOf(DiskException.class);
  }

  @Test
  void anL2TablePastTheEndIsAnError() throws IOException {
    put(l1(), 8, 1L << 63 | 1L << 40);
    try (var disk = Images.open(image, false)) {
      assertThatThrownBy(() -> disk.read(0, 1)).isInstanceOf(DiskException.class);
    }
  }

  @Test
  void aClusterPastTheEndIsAnError() throws IOException {
    put(l2(), 8, 1L << 63 | 1L << 40);
    try (var disk = Images.open(image, false)) {
      assertThatThrownBy(() -> disk.read(0, 1)).isInstanceOf(DiskException.class);
    }
  }

  @ParameterizedTest(name = "cluster {0}")
  @CsvSource({"1", "2", "3"})
  void aWriteNeverLandsInMetadata(int cluster) throws IOException {
    put(l2(), 8, 1L << 63 | (long) cluster << 16); // refcount table, block, L1 table
    byte[] before = metadata();
    try (var disk = Images.open(image, true)) {
      assertThatThrownBy(() -> disk.write(0, new byte[] {9, 9, 9}))
          .isInstanceOfSatisfying(
              DiskException.class,
              told -> assertThat(told.kind()).isEqualTo(DiskException.Kind.CORRUPT));
    } catch (DiskException closing) {
      assertThat(closing.kind()).isEqualTo(DiskException.Kind.CORRUPT);
    }
    byte[] after = metadata();
    after[79] = before[79]; // the corrupt bit, which is how the next opener learns of it
    assertThat(after).isEqualTo(before);
    assertThatThrownBy(() -> Images.open(image, true)).hasMessageContaining("marked corrupt");
    Images.open(image, false).close();
  }

  @Test
  void anL2TableThatIsTheL1TableIsNotWritten() throws IOException {
    put(l1(), 8, 1L << 63 | l1());
    byte[] before = metadata();
    try (var disk = Images.open(image, true)) {
      assertThatThrownBy(() -> disk.write(1000, new byte[] {9})).isInstanceOf(DiskException.class);
    } catch (DiskException closing) {
      assertThat(closing.kind()).isEqualTo(DiskException.Kind.CORRUPT);
    }
    byte[] after = metadata();
    after[79] = before[79];
    assertThat(after).isEqualTo(before);
  }

  @Test
  void metadataCountedAsFreeIsNotHandedOut() throws IOException {
    for (int cluster = 0; cluster < 12; cluster++) {
      put((2 << 16) + 2 * cluster, 2, 0);
    }
    byte[] before = metadata();
    try (var disk = Images.open(image, true)) {
      assertThatThrownBy(() -> disk.write(900_000, new byte[] {9}))
          .hasMessageContaining("counted as free");
    } catch (DiskException closing) {
      assertThat(closing.kind()).isEqualTo(DiskException.Kind.CORRUPT);
    }
    byte[] after = metadata();
    after[79] = before[79];
    assertThat(java.util.Arrays.copyOf(after, 2 << 16))
        .isEqualTo(java.util.Arrays.copyOf(before, 2 << 16));
  }

  @Test
  void aPackedClusterOfNoiseIsAnError() throws IOException {
    put(l2(), 8, L2Entry.packed(5 << 16, 3000, 16));
    try (var disk = Images.open(image, false)) {
      assertThatThrownBy(() -> disk.read(0, 10))
          .isInstanceOfSatisfying(
              DiskException.class,
              told -> assertThat(told.kind()).isEqualTo(DiskException.Kind.CORRUPT));
    }
  }

  @Test
  void aShortFileIsNoImage() throws IOException {
    for (int length : new int[] {0, 3, 4, 71, 103, 111, 4000}) {
      try (var file = FileChannel.open(image, StandardOpenOption.WRITE)) {
        file.truncate(length);
      }
      assertThatThrownBy(() -> Images.open(image, false).close()).isInstanceOf(DiskException.class);
    }
  }

  /** Flipped bits anywhere in the metadata: an error or other bytes, never another exception. */
  @Test
  void flippedBitsAreSurvived() throws IOException {
    long rounds = Long.getLong("caisson.disk.flips", 100);
    var random = new Random(Long.getLong("caisson.disk.seed", 11));
    byte[] good = Files.readAllBytes(image);
    for (long round = 0; round < rounds; round++) {
      byte[] bad = good.clone();
      for (int flip = 0; flip <= random.nextInt(4); flip++) {
        int cluster = random.nextInt(good.length >> 16);
        int spread = random.nextBoolean() ? 200 : 1 << 16;
        int at = Math.min(good.length - 1, (cluster << 16) + random.nextInt(spread));
        bad[at] ^= (byte) (1 << random.nextInt(8));
      }
      Files.write(image, bad);
      use(random.nextBoolean());
    }
  }

  private void use(boolean writing) {
    try (var disk = Images.open(image, writing)) {
      if (disk.size() <= 1L << 40) {
        disk.extent(0, disk.size());
      }
      disk.check(Repair.Extent.NONE);
      if (writing) {
        disk.write(disk.size() / 2, new byte[100]);
        disk.writeZeroes(0, Math.min(disk.size(), 100_000), true);
        disk.createSnapshot("t");
      }
      disk.read(0, (int) Math.min(disk.size(), 300_000));
      disk.openSnapshot("s").read(0, 1000);
    } catch (DiskException told) {
      assertThat(told).hasMessageContaining("x.qcow2");
    }
  }

  private long l1() throws IOException {
    return get(40);
  }

  private long l2() throws IOException {
    return get(l1()) & L2Entry.OFFSET;
  }

  private byte[] metadata() throws IOException {
    var bytes = new byte[4 << 16];
    try (var file = FileChannel.open(image)) {
      file.read(ByteBuffer.wrap(bytes), 0);
    }
    return bytes;
  }

  private long get(long at) throws IOException {
    var bytes = ByteBuffer.allocate(8);
    try (var file = FileChannel.open(image)) {
      file.read(bytes, at);
    }
    return bytes.getLong(0);
  }

  private void put(long at, int width, long value) throws IOException {
    var bytes = ByteBuffer.allocate(8).putLong(0, value).position(8 - width);
    try (var file = FileChannel.open(image, StandardOpenOption.WRITE)) {
      file.write(bytes, at);
    }
  }

  @Test
  void aRefusedFileCanBeOpenedAgain() throws IOException {
    Files.write(image, new byte[100_000]);
    var file = FileStorage.open(image, true, FileStorage.Sharing.LOCKED);
    assertThatThrownBy(() -> Qcow2Disk.open(file, Qcow2Access.PLAIN))
        .hasMessageContaining("not a qcow2");
    file.close();
    FileStorage.open(image, true, FileStorage.Sharing.LOCKED).close();
  }
}
