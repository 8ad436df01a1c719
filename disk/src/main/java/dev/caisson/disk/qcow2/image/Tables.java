/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.image;

import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.util.function.LongConsumer;

/** Tables of 64-bit big-endian entries, moved in pieces so that no second copy is held. */
public final class Tables {
  private static final int PIECE = 1 << 16;

  private Tables() {}

  /** Reads {@code entries} of a table; what lies past the end of the file is an I/O error. */
  public static long[] read(Storage storage, long offset, int entries) {
    var table = new long[entries];
    var piece = ByteBuffer.allocate(Math.min(PIECE, entries * 8));
    for (int at = 0; at < entries; at += PIECE / 8) {
      int count = Math.min(PIECE / 8, entries - at);
      storage.read(offset + at * 8L, piece.clear().limit(count * 8));
      piece.flip().asLongBuffer().get(table, at, count);
    }
    return table;
  }

  /** Hands over all entries in turn, holding a few of them at a time. */
  public static void forEach(Storage storage, long offset, long entries, LongConsumer taker) {
    var piece = ByteBuffer.allocate((int) Math.min(PIECE, entries * 8));
    for (long at = 0; at < entries; at += PIECE / 8) {
      int count = (int) Math.min(PIECE / 8, entries - at);
      storage.read(offset + at * 8, piece.clear().limit(count * 8));
      for (int i = 0; i < count; i++) {
        taker.accept(piece.getLong(i * 8));
      }
    }
  }

  public static void write(Storage storage, long offset, long[] table) {
    write(storage, offset, table, 0, table.length);
  }

  /** Writes entries {@code [from, to)} of the table that starts at {@code offset}. */
  public static void write(Storage storage, long offset, long[] table, int from, int to) {
    var piece = ByteBuffer.allocate(Math.min(PIECE, Math.max(8, (to - from) * 8)));
    for (int at = from; at < to; at += PIECE / 8) {
      int count = Math.min(PIECE / 8, to - at);
      piece.clear().limit(count * 8).asLongBuffer().put(table, at, count);
      storage.write(offset + at * 8L, piece);
    }
  }
}
