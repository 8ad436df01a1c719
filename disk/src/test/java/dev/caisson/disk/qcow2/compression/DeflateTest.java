/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.compression;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;

class DeflateTest {

  @Test
  void whatIsPackedUnpacksAgain() throws DataFormatException {
    var random = new Random(7);
    for (int round = 0; round < 300; round++) {
      byte[] plain = sample(random);
      var packed = new byte[plain.length + plain.length / 8 + 400];
      int length = Deflate.compress(plain, plain.length, packed);
      assertThat(length).isPositive();
      assertThat(unpack(packed, length, plain.length)).isEqualTo(plain);
    }
  }

  @Test
  void noiseDoesNotFit() {
    var noise = new byte[65_536];
    new Random(1).nextBytes(noise);
    assertThat(Deflate.compress(noise, noise.length, new byte[65_536])).isZero();
  }

  @Test
  void matchesReachBackFourKibibytesAtMost() throws DataFormatException {
    var random = new Random(3);
    var plain = new byte[65_536];
    random.nextBytes(plain);
    System.arraycopy(plain, 0, plain, 4096 + 300, 300); // out of the window
    System.arraycopy(plain, 20_000, plain, 24_000, 300); // within
    var packed = new byte[80_000];
    int length = Deflate.compress(plain, plain.length, packed);
    assertThat(length).isBetween(plain.length - 300, plain.length + 200);
    assertThat(unpack(packed, length, plain.length)).isEqualTo(plain);
  }

  /** Texts, runs, noise and mixtures, of lengths up to 100,000. */
  private static byte[] sample(Random random) {
    var bytes =
        new byte[random.nextInt(4) == 0 ? random.nextInt(10) + 1 : random.nextInt(100_000) + 1];
    int at = 0;
    while (at < bytes.length) {
      int run = Math.min(bytes.length - at, 1 + random.nextInt(3000));
      switch (random.nextInt(4)) {
        case 0 -> Arrays.fill(bytes, at, at + run, (byte) random.nextInt(256));
        case 1 -> {
          for (int i = at; i < at + run; i++) {
            bytes[i] = (byte) random.nextInt(1 + random.nextInt(256));
          }
        }
        case 2 -> {
          int from = random.nextInt(at + 1);
          for (int i = 0; i < run; i++) {
            bytes[at + i] = bytes[from + i];
          }
        }
        default -> {
          for (int i = at; i < at + run; i++) {
            bytes[i] = (byte) ('a' + (int) Math.min(25, Math.abs(random.nextGaussian() * 5)));
          }
        }
      }
      at += run;
    }
    return bytes;
  }

  private static byte[] unpack(byte[] packed, int length, int size) throws DataFormatException {
    try (var inflater = new Inflater(true)) {
      inflater.setInput(packed, 0, length);
      var plain = new byte[size];
      int done = 0;
      while (done < size) {
        int count = inflater.inflate(plain, done, size - done);
        if (count == 0) {
          break;
        }
        done += count;
      }
      assertThat(done).isEqualTo(size);
      assertThat(inflater.getBytesRead()).isEqualTo(length);
      return plain;
    }
  }
}
