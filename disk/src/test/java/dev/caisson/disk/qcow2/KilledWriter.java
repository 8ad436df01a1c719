/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;

/** Writes, discards and flushes until it is killed; says which rounds it flushed. */
final class KilledWriter {
  private KilledWriter() {}

  public static void main(String[] words) {
    var random = new Random(Integer.parseInt(words[1]));
    try (var disk = Images.open(Path.of(words[0]), true)) {
      System.out.println("ready");
      for (long round = 0; ; round++) {
        for (int i = 0; i < 20; i++) {
          int offset = 4096 + random.nextInt((8 << 20) - 4096);
          int length = random.nextInt(Math.min((8 << 20) - offset, 200_000) + 1);
          if (random.nextInt(4) == 0) {
            disk.writeZeroes(offset, length, true);
          } else {
            disk.write(offset, ByteBuffer.allocate(length));
          }
        }
        disk.write(0, ByteBuffer.allocate(8).putLong(0, round));
        disk.flush();
        System.out.println(round + ".");
      }
    }
  }
}
