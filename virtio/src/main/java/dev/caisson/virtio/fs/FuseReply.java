/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import dev.caisson.linux.Errno;
import dev.caisson.virtio.queue.Buffers;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;

/** An answer under construction in private memory. */
final class FuseReply {
  /** struct fuse_out_header. */
  static final int HEADER = 16;

  private final long[] words; // since a word of native memory costs more to write
  private final MemorySegment memory;
  private final MemorySegment room; // for what the kernel shall write
  private final Status status = new Status();
  private int length;
  private int limit;
  private int error;

  /**
   * @param room native memory, as large as the largest answer without the data of a read
   */
  FuseReply(MemorySegment room) {
    this.room = room;
    this.words = new long[(int) (room.byteSize() / 8)];
    this.memory = MemorySegment.ofArray(words);
  }

  /** Begins anew, with room for so many bytes behind the header. */
  void begin(int payload) {
    length = HEADER;
    error = 0;
    limit = (int) Math.min(room.byteSize(), HEADER + (long) payload);
  }

  int length() {
    return length;
  }

  /** Bytes that still fit. */
  int left() {
    return limit - length;
  }

  /** Refuses the request: for what is refused so often that a thrown {@link Refusal} costs more. */
  void refuse(int errno) {
    error = errno;
  }

  /** An errno, 0 for none. */
  int error() {
    return error;
  }

  /** Room for what the kernel says of a file while this answer is made. */
  Status status() {
    return status;
  }

  void u16(int value) {
    memory.set(LittleEndian.U16, take(2), (short) value);
  }

  void u32(int value) {
    memory.set(LittleEndian.U32, take(4), value);
  }

  void u64(long value) {
    memory.set(LittleEndian.U64, take(8), value);
  }

  /** The whole answer as memory holds it, to be filled where {@link #place} says. */
  long[] words() {
    return words;
  }

  /** Index of the first of so many next words, which are the caller's to fill. */
  int place(int count) {
    int at = take(8 * count);
    if ((at & 7) != 0) {
      throw new IllegalStateException("words at byte " + at);
    }
    return at >> 3;
  }

  /** Bytes, then zeroes up to a multiple of eight. */
  void padded(MemorySegment source, int from, int size) {
    if (size == 0) {
      return;
    }
    int whole = (size + 7) & -8;
    int at = take(whole);
    memory.set(LittleEndian.U64, at + whole - 8L, 0);
    MemorySegment.copy(source, from, memory, at, size);
  }

  void bytes(byte[] source) {
    MemorySegment.copy(source, 0, memory, LittleEndian.U8, take(source.length), source.length);
  }

  void zero(int count) {
    memory.asSlice(take(count), count).fill((byte) 0);
  }

  /** Memory to be filled by a system call; what it filled is then {@link #filled}. */
  MemorySegment free(int size) {
    return room.asSlice(0, Math.min(size, left()));
  }

  /** So many bytes of {@link #free} belong to the answer. */
  void filled(long count) {
    MemorySegment.copy(room, 0, memory, take((int) count), count);
  }

  int mark() {
    return length;
  }

  void backTo(int mark) {
    length = mark;
  }

  /** Hands the answer over. */
  void finish(long unique, int error, long total, Buffers out) {
    words[0] = (total & 0xffff_ffffL) | (long) -error << 32;
    words[1] = unique;
    out.copyFrom(memory, error != 0 ? HEADER : length, 0);
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
