/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What every writable disk promises, whatever its format. */
public interface DiskContract {

  /** A new, writable disk of zeroes. */
  Disk blank(long size);

  @Test
  default void unwrittenBytesReadAsZero() {
    try (var disk = blank(1 << 20)) {
      assertThat(disk.read(4096, 3)).containsOnly(0);
    }
  }

  @Test
  default void writtenBytesAreReadBack() {
    try (var disk = blank(1 << 20)) {
      disk.write(65_530, new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9});
      assertThat(disk.read(65_529, 11)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0);
    }
  }

  @Test
  default void requestsOutsideTheDiskAreRefused() {
    try (var disk = blank(1 << 20)) {
      for (long offset : new long[] {-1, (1 << 20) - 1, 1 << 20, Long.MAX_VALUE}) {
        assertThatThrownBy(() -> disk.read(offset, 2))
            .isInstanceOfSatisfying(
                DiskException.class,
                refused -> assertThat(refused.kind()).isEqualTo(DiskException.Kind.OUT_OF_RANGE));
        assertThatThrownBy(() -> disk.write(offset, new byte[2])).isInstanceOf(DiskException.class);
      }
    }
  }

  @Test
  default void emptyRequestsAreAllowedUpToTheEnd() {
    try (var disk = blank(1 << 20)) {
      disk.write(1 << 20, new byte[0]);
      assertThat(disk.read(1 << 20, 0)).isEmpty();
    }
  }

  @Test
  default void buffersAreConsumedFromPositionToLimit() {
    try (var disk = blank(1 << 20)) {
      var source = ByteBuffer.allocateDirect(100).put(10, (byte) 7).position(10).limit(20);
      disk.write(500, source);
      assertThat(source.hasRemaining()).isFalse();
      assertThat(disk.read(499, 3)).containsExactly(0, 7, 0);
    }
  }

  @Test
  default void extentsCoverTheDiskWithoutGap() {
    try (var disk = blank(3 << 20)) {
      disk.write(1 << 20, new byte[] {1});
      for (long at = 0; at < disk.size(); ) {
        var extent = disk.extent(at, disk.size() - at);
        assertThat(extent.offset()).isEqualTo(at);
        assertThat(extent.length()).isPositive();
        assertThat(extent.end()).isLessThanOrEqualTo(disk.size());
        at = extent.end();
      }
      assertThat(disk.extent(1 << 20, 1).readsAsZero()).isFalse();
    }
  }

  @Test
  default void randomWritesAndZeroesMatchAModel() {
    int size = 2 << 20;
    var model = new byte[size];
    var random = new Random(42);
    try (var disk = blank(size)) {
      for (int step = 0; step < 400; step++) {
        int offset = random.nextInt(size);
        int length = random.nextInt(Math.min(size - offset, 150_000) + 1);
        if (random.nextInt(3) == 0 && disk instanceof Sparse sparse) {
          sparse.writeZeroes(offset, length, random.nextBoolean());
          Arrays.fill(model, offset, offset + length, (byte) 0);
        } else {
          var bytes = new byte[length];
          random.nextBytes(bytes);
          disk.write(offset, bytes);
          System.arraycopy(bytes, 0, model, offset, length);
        }
      }
      assertThat(disk.read(0, size)).isEqualTo(model);
      disk.flush();
      assertThat(disk.read(0, size)).isEqualTo(model);
    }
  }

  @Test
  default void parallelWritersToDifferentPlacesDoNotDisturbEachOther() throws InterruptedException {
    int piece = 10_000;
    int pieces = 64;
    try (var disk = blank((long) piece * pieces)) {
      var threads = new Thread[pieces];
      for (int i = 0; i < pieces; i++) {
        var bytes = new byte[piece];
        Arrays.fill(bytes, (byte) (i + 1));
        long offset = (long) i * piece;
        threads[i] = Thread.ofVirtual().start(() -> disk.write(offset, bytes));
      }
      for (var thread : threads) {
        thread.join();
      }
      for (int i = 0; i < pieces; i++) {
        assertThat(disk.read((long) i * piece, piece)).isEqualTo(Tools.filled(piece, i + 1));
      }
    }
  }

  @Test
  default void resizingKeepsWhatRemains() {
    try (var disk = blank(1 << 20)) {
      if (!(disk instanceof Resizable resizable)) {
        return;
      }
      disk.write((1 << 20) - 4, new byte[] {1, 2, 3, 4});
      resizable.resize(3 << 20);
      assertThat(disk.size()).isEqualTo(3 << 20);
      assertThat(disk.read((1 << 20) - 4, 6)).containsExactly(1, 2, 3, 4, 0, 0);
      resizable.resize((1 << 20) - 512);
      resizable.resize(1 << 20);
      assertThat(disk.read((1 << 20) - 512, 512)).containsOnly(0);
    }
  }

  @Test
  default void closingTwiceIsHarmless() {
    var disk = blank(1 << 20);
    disk.close();
    disk.close();
  }
}
