/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.image.ImageException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Layers with bytes changed at random; {@code -Dfuzz.seconds=N} for longer. */
@Timeout(36_000)
class LayerFuzzTest {
  private static final int ROUNDS = 20_000;

  @Test
  void randomDamageGivesEntriesOrARefusal() {
    var note = Map.of("user.note", new byte[] {0, -1, 10, '='});
    var odd = new Attributes(06755, 4_000_000_000L, 3_000_000_000L, -5, 250_000_000, note);
    var seed =
        Tar.write(
            List.of(
                new Entry.Directory("d", odd),
                new Entry.File("d/f", Attributes.of(0644), 700),
                new Entry.HardLink("h", Attributes.of(0644), "d/f"),
                new Entry.File(
                    "s", Attributes.of(0600), 1 << 16, List.of(new Entry.Extent(512, 512)))));
    long seconds = Long.getLong("fuzz.seconds", 0);
    long end = System.nanoTime() + seconds * 1_000_000_000L;
    for (long i = 0; seconds > 0 ? System.nanoTime() < end : i < ROUNDS; i++) {
      damage(seed, new Random(i));
    }
  }

  private static void damage(byte[] seed, Random random) {
    var damaged = seed.clone();
    int flips = 1 + random.nextInt(8);
    for (int j = 0; j < flips; j++) {
      damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
    }
    fixChecksums(damaged, random);
    try {
      Tar.entries(damaged, LayerLimits.DEFAULT.withBytes(1 << 24))
          .forEach(entry -> assertThat(entry.path()).doesNotContain("../").doesNotStartWith("/"));
    } catch (ImageException _) {
      // refused, which is as good
    }
  }

  // Half the rounds get past the checksum.
  private static void fixChecksums(byte[] archive, Random random) {
    if (random.nextBoolean()) {
      return;
    }
    for (int start = 0; start + 512 <= archive.length; start += 512) {
      if (archive[start + 257] == 'u') {
        int sum = 8 * ' ';
        for (int i = 0; i < 512; i++) {
          sum += i >= 148 && i < 156 ? 0 : archive[start + i] & 0xff;
        }
        var digits = String.format("%06o\0 ", sum).getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(digits, 0, archive, start + 148, 8);
      }
    }
  }
}
