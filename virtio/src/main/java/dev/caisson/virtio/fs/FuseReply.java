/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;

/** An answer under construction in private memory. */
final class FuseReply {
  /** struct fuse_out_header. */
  static final int HEADER = 16;

  private static final int MOST_WORDS = 32;

  private final MemorySegment room;
  private final long[] words = new long[MOST_WORDS];
  private final MemorySegment wordsAsMemory = MemorySegment.ofArray(words);
  private int length;
  private int limit;

  FuseReply(MemorySegment room) {
    this.room = room;
  }

  /** Begins anew, with room for so many bytes behind the header. */
  void begin(int payload) {
    length = HEADER;
    limit = (int) Math.min(room.byteSize(), HEADER + (long) payload);
  }

  int length() {
    return length;
  }

  /** Bytes that still fit. */
  int left() {
    return limit - length;
  }

  void u16(int value) {
    room.set(LittleEndian.U16, take(2), (short) value);
  }

  void u32(int value) {
    room.set(LittleEndian.U32, take(4), value);
  }

  void u64(long value) {
    room.set(LittleEndian.U64, take(8), value);
  }

  /** Room for up to 32 words, to be {@link #put}. */
  long[] words() {
    return words;
  }

  /** The first of {@link #words}: many fields at once, as memory holds them. */
  void put(int count) {
    MemorySegment.copy(wordsAsMemory, 0, room, take(8 * count), 8L * count);
  }

  /** Bytes, then zeroes up to a multiple of eight. */
  void padded(MemorySegment source, long from, int size) {
    if (size == 0) {
      return;
    }
    int whole = (size + 7) & -8;
    int at = take(whole);
    room.set(LittleEndian.U64, at + whole - 8L, 0);
    MemorySegment.copy(source, from, room, at, size);
  }

  void bytes(MemorySegment source) {
    int size = (int) source.byteSize();
    MemorySegment.copy(source, 0, room, take(size), size);
  }

  void zero(int count) {
    room.asSlice(take(count), count).fill((byte) 0);
  }

  /** Memory to be filled by a system call; what it filled is then {@link #advance}d over. */
  MemorySegment free(int size) {
    return room.asSlice(length, Math.min(size, left()));
  }

  void advance(long count) {
    take((int) count);
  }

  int mark() {
    return length;
  }

  void backTo(int mark) {
    length = mark;
  }

  /** The finished answer. */
  MemorySegment finish(long unique, int error, long total) {
    room.set(LittleEndian.U32, 0, (int) total);
    room.set(LittleEndian.U32, 4, -error);
    room.set(LittleEndian.U64, 8, unique);
    return room.asSlice(0, error != 0 ? HEADER : length);
  }

  private int take(int size) {
    if (size > left()) {
      throw Refusal.of(Errno.ERANGE);
    }
    int at = length;
    length += size;
    return at;
  }
}
