/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;

/**
 * Writes, discards and flushes until it is killed; says which rounds it flushed. Each round leaves
 * its number in the ledger at the start of the disk; the rest sees random writes.
 */
final class KilledWriter {
  /** Rounds the ledger holds before the first entry is used again. */
  static final int LEDGER = 1024;

  /** Bytes of an entry: not whole clusters, so that entries share some. */
  static final int ENTRY = 3 * 512;

  static final int SIZE = 8 << 20;
  private static final int REST = LEDGER * ENTRY;

  private KilledWriter() {}

  public static void main(String[] words) {
    var random = new Random(Integer.parseInt(words[1]));
    try (var disk = Images.open(Path.of(words[0]), true)) {
      System.out.println("ready");
      for (long round = 0; ; round++) {
        for (int i = 0; i < 20; i++) {
          int offset = REST + random.nextInt(SIZE - REST);
          int length = random.nextInt(Math.min(SIZE - offset, 200_000) + 1);
          switch (random.nextInt(6)) {
            case 0 -> disk.writeZeroes(offset, length, true);
            case 1 -> disk.discard(offset, length);
            default -> disk.write(offset, ByteBuffer.allocate(length));
          }
        }
        disk.write(round % LEDGER * ENTRY, entry(round));
        disk.flush();
        System.out.println(round + ".");
      }
    }
  }

  /** The number of a round, over and over. */
  static ByteBuffer entry(long round) {
    var entry = ByteBuffer.allocate(ENTRY);
    while (entry.hasRemaining()) {
      entry.putLong(round);
    }
    return entry.flip();
  }
}
