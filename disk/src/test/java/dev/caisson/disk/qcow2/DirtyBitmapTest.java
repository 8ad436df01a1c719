/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.disk.DirtyBitmap;
import dev.caisson.disk.qcow2.format.Features;
import dev.caisson.disk.qcow2.format.Header;
import dev.caisson.disk.qcow2.format.HeaderExtension;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Persistent dirty bitmaps that qemu-img makes and judges. */
@Tag("integration")
class DirtyBitmapTest {
  private static final int SIZE = 16 << 20;
  private static final int GRAIN = 1 << 16;

  @TempDir Path folder;
  private Path image;

  @BeforeEach
  void create() {
    QemuImg.require();
    image = folder.resolve("x.qcow2");
    QemuImg.must("create", "-q", "-f", "qcow2", image.toString(), Integer.toString(SIZE));
    QemuImg.must("bitmap", "--add", "-g", Integer.toString(GRAIN), image.toString(), "b");
  }

  @Test
  void writesOfBothSidesAreRecorded() {
    var model = new BitSet();
    var random = new Random(4);
    for (int round = 0; round < 3; round++) {
      try (var disk = Images.open(image, true)) {
        assertThat(bits(disk.dirtyBitmaps().getFirst())).isEqualTo(model);
        for (int i = 0; i < 5; i++) {
          int offset = random.nextInt(SIZE - 200_000);
          int length = 1 + random.nextInt(200_000);
          if (i == 4) {
            disk.writeZeroes(offset, length, true);
          } else {
            disk.write(offset, new byte[length]);
          }
          model.set(offset / GRAIN, (offset + length - 1) / GRAIN + 1);
        }
        assertThat(bits(disk.dirtyBitmaps().getFirst())).isEqualTo(model);
      }
      int offset = random.nextInt(SIZE - 4096) & -512;
      var write = "write %d 4096".formatted(offset);
      assertThat(QemuImg.io("-f", "qcow2", "-c", write, image.toString()).exitCode()).isZero();
      model.set(offset / GRAIN, (offset + 4095) / GRAIN + 1);
      assertThat(QemuImg.run("check", image.toString()).exitCode()).isZero();
      assertThat(QemuImg.must("info", "--output=json", image.toString()))
          .contains("\"bitmaps\"", "\"auto\"")
          .doesNotContain("in-use");
    }
  }

  /** qemu-img merges what we recorded into a bitmap of its own: it can read ours. */
  @Test
  void qemuMergesWhatWeRecorded() {
    try (var disk = Images.open(image, true)) {
      disk.write(5 * GRAIN + 7, new byte[10]);
    }
    QemuImg.must("bitmap", "--add", "-g", Integer.toString(GRAIN), image.toString(), "c");
    QemuImg.must("bitmap", "--merge", "b", image.toString(), "c");
    try (var disk = Images.open(image, false)) {
      for (var bitmap : disk.dirtyBitmaps()) {
        var expected = new BitSet();
        expected.set(5);
        assertThat(bits(bitmap)).as(bitmap.name()).isEqualTo(expected);
      }
    }
  }

  @Test
  void disabledBitmapsStayAsTheyAre() {
    QemuImg.must("bitmap", "--disable", image.toString(), "b");
    try (var disk = Images.open(image, true)) {
      disk.write(0, new byte[GRAIN]);
    }
    try (var disk = Images.open(image, false)) {
      var bitmap = disk.dirtyBitmaps().getFirst();
      assertThat(bitmap.recording()).isFalse();
      assertThat(bits(bitmap)).isEqualTo(new BitSet());
    }
  }

  @Test
  void aWriterThatVanishesLeavesThemInconsistentForEverybody() throws IOException {
    Path copy = folder.resolve("copy.qcow2");
    try (var disk = Images.open(image, true)) {
      disk.write(0, new byte[GRAIN]);
      disk.flush();
      Files.copy(image, copy); // what a power cut would leave
    }
    try (var disk = Images.open(copy, false)) {
      assertThat(disk.dirtyBitmaps().getFirst().inconsistent()).isTrue();
    }
    assertThat(QemuImg.must("info", "--output=json", copy.toString())).contains("in-use");
    QemuImg.must("bitmap", "--remove", copy.toString(), "b");
    assertThat(QemuImg.run("check", copy.toString()).exitCode()).isZero();
  }

  /** Both sides resize copies of one disk, and write to them; then their bitmaps say the same. */
  @ParameterizedTest
  @ValueSource(longs = {1, 100_000, SIZE - 512, SIZE + 512, SIZE + 10_000_000, 3L << 30, 8L << 30})
  void bitmapsFollowAResizeAsWithQemu(long newSize) throws IOException {
    QemuImg.must("bitmap", "--add", "--disable", "-g", "512", image.toString(), "still");
    try (var disk = Images.open(image, true)) {
      disk.write(SIZE - 70_000, new byte[70_000]);
      disk.write(0, new byte[1000]);
    }
    QemuImg.must("bitmap", "--merge", "b", image.toString(), "still");
    Path theirs = Files.copy(image, folder.resolve("theirs.qcow2"));
    long size = Math.ceilDiv(newSize, 512) * 512;
    QemuImg.must("resize", "-q", "--shrink", theirs.toString(), Long.toString(size));
    try (var disk = Images.open(image, true)) {
      disk.resize(size);
      disk.write(size - 100, new byte[100]);
    }
    var write = "write %d 512".formatted(size - 512);
    assertThat(QemuImg.io("-f", "qcow2", "-c", write, theirs.toString()).exitCode()).isZero();
    assertThat(QemuImg.run("check", image.toString()).exitCode()).isZero();
    assertThat(QemuImg.must("info", image.toString())).doesNotContain("in-use");
    // qemu-img reads what we wrote: a merge asks for every bit.
    QemuImg.must("bitmap", "--merge", "still", image.toString(), "b");
    QemuImg.must("bitmap", "--merge", "still", theirs.toString(), "b");
    try (var ours = Images.open(image, false);
        var other = Images.open(theirs, false)) {
      assertThat(ours.dirtyBitmaps()).hasSize(2);
      for (int i = 0; i < 2; i++) {
        assertThat(runs(ours.dirtyBitmaps().get(i), size))
            .isEqualTo(runs(other.dirtyBitmaps().get(i), size));
      }
    }
  }

  @Test
  void aDiskWithAnInconsistentBitmapIsNotResizedAsWithQemu() throws IOException {
    Path copy = folder.resolve("copy.qcow2");
    try (var disk = Images.open(image, true)) {
      disk.write(0, new byte[GRAIN]);
      disk.flush();
      Files.copy(image, copy);
    }
    byte[] before = Files.readAllBytes(copy);
    assertThat(QemuImg.run("resize", copy.toString(), "+1M").exitCode()).isNotZero();
    try (var disk = Images.open(copy, true)) {
      assertThatThrownBy(() -> disk.resize(2 * SIZE)).hasMessageContaining("'b' is inconsistent");
    }
    assertThat(Files.readAllBytes(copy)).isEqualTo(before);
  }

  /** Two bits in each entry of the table: the lowest says "all ones", the rest where bits lie. */
  @Test
  void bitsThatLieInMetadataAreNotWritten() throws IOException {
    long directory = bitmapDirectory();
    putLong(getLong(directory), 0x10000); // the refcount table
    byte[] counts = Arrays.copyOfRange(Files.readAllBytes(image), 0x10000, 0x20000);
    var disk = Images.open(image, true);
    disk.write(0, new byte[10]);
    assertThatThrownBy(disk::close).hasMessageContaining("lie in metadata");
    assertThat(Arrays.copyOfRange(Files.readAllBytes(image), 0x10000, 0x20000)).isEqualTo(counts);
  }

  private long bitmapDirectory() throws IOException {
    byte[] cluster = Arrays.copyOf(Files.readAllBytes(image), 1 << 16);
    var header = ByteBuffer.wrap(cluster);
    for (int at = header.getInt(100); ; at += 8 + (header.getInt(at + 4) + 7 & -8)) {
      if (header.getInt(at) == HeaderExtension.BITMAPS) {
        return header.getLong(at + 8 + 16);
      }
    }
  }

  private static List<Long> runs(DirtyBitmap bitmap, long size) {
    List<Long> borders = new ArrayList<>(List.of(bitmap.dirty(0) ? 1L : 0L));
    for (long at = 0; at < size; at = bitmap.runEnd(at, size)) {
      borders.add(at);
    }
    return borders;
  }

  @Test
  void readingChangesNoByte() throws IOException {
    byte[] before = Files.readAllBytes(image);
    try (var disk = Images.open(image, false)) {
      disk.read(0, SIZE);
      disk.dirtyBitmaps();
    }
    assertThat(Files.readAllBytes(image)).isEqualTo(before);
  }

  /** Somebody who knows nothing of bitmaps wrote to the image, and cleared the bit that says so. */
  @Test
  void bitmapsWithoutTheirAutoclearBitAreNotBelieved() throws IOException {
    putLong(Header.AT_AUTOCLEAR, 0);
    try (var disk = Images.open(image, true)) {
      assertThat(disk.dirtyBitmaps()).isEmpty();
      disk.write(0, new byte[10]);
    }
    assertThat(QemuImg.must("info", "--output=json", image.toString()))
        .doesNotContain("\"bitmaps\"");
  }

  @Test
  void autoclearBitsNobodyKnowsAreClearedByAWriter() throws IOException {
    putLong(Header.AT_AUTOCLEAR, Features.BITMAPS | 1L << 40);
    Images.open(image, false).close();
    assertThat(getLong(Header.AT_AUTOCLEAR)).isEqualTo(Features.BITMAPS | 1L << 40);
    try (var disk = Images.open(image, true)) {
      disk.write(0, new byte[10]);
      assertThat(disk.dirtyBitmaps()).hasSize(1);
    }
    assertThat(getLong(Header.AT_AUTOCLEAR)).isEqualTo(Features.BITMAPS);
  }

  private static BitSet bits(DirtyBitmap bitmap) {
    var found = new BitSet();
    for (int i = 0; i < SIZE / GRAIN; i++) {
      found.set(i, bitmap.dirty((long) i * GRAIN));
    }
    return found;
  }

  private void putLong(long at, long value) throws IOException {
    try (var file = FileChannel.open(image, StandardOpenOption.WRITE)) {
      file.write(ByteBuffer.allocate(8).putLong(0, value), at);
    }
  }

  private long getLong(long at) throws IOException {
    var bytes = ByteBuffer.allocate(8);
    try (var file = FileChannel.open(image)) {
      file.read(bytes, at);
    }
    return bytes.getLong(0);
  }
}
