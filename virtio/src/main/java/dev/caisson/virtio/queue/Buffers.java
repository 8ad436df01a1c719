/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.queue;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** Scattered guest memory seen as one run of bytes. */
public final class Buffers {
  public static final Buffers NONE =
      new Buffers(new MemorySegment[0], new long[0], new long[0], 0, 0);

  private final MemorySegment[] memory; // what each part lies in
  private final long[] starts; // where in it
  private final long[] sizes;
  private final int first;
  private final int count;
  private final long length;

  /** {@code count} parts from {@code first} on; the arrays change no more. */
  Buffers(MemorySegment[] memory, long[] starts, long[] sizes, int first, int count) {
    this.memory = memory;
    this.starts = starts;
    this.sizes = sizes;
    this.first = first;
    this.count = count;
    long sum = 0;
    for (int i = first; i < first + count; i++) {
      sum += sizes[i];
    }
    this.length = sum;
  }

  public static Buffers of(MemorySegment... parts) {
    var sizes = new long[parts.length];
    for (int i = 0; i < parts.length; i++) {
      sizes[i] = parts[i].byteSize();
    }
    return new Buffers(parts.clone(), new long[parts.length], sizes, 0, parts.length);
  }

  /** Bytes in all parts together. */
  public long length() {
    return length;
  }

  public int count() {
    return count;
  }

  public MemorySegment part(int index) {
    int at = place(index);
    return memory[at].asSlice(starts[at], sizes[at]);
  }

  /**
   * What a part lies in, from {@link #start} on: as {@link #part}, without an object of its own.
   */
  public MemorySegment memory(int index) {
    return memory[place(index)];
  }

  /** Where in its {@link #memory} a part begins. */
  public long start(int index) {
    return starts[place(index)];
  }

  /** Bytes of a part. */
  public long size(int index) {
    return sizes[place(index)];
  }

  private int place(int index) {
    if (index < 0 || index >= count) {
      throw new IndexOutOfBoundsException(index);
    }
    return first + index;
  }

  /** The bytes from an offset on; nothing is copied. */
  public Buffers skip(long offset) {
    return range(offset, length - offset);
  }

  /**
   * Part of the bytes; nothing is copied.
   *
   * @throws IndexOutOfBoundsException when the range is not inside
   */
  public Buffers range(long offset, long size) {
    if (offset < 0 || size < 0 || offset > length - size) {
      throw new IndexOutOfBoundsException(offset + " + " + size + " of " + length);
    }
    if (offset == 0 && size == length) {
      return this;
    }
    if (size == 0) {
      return NONE;
    }
    int from = first;
    long skip = offset;
    while (skip >= sizes[from]) {
      skip -= sizes[from++];
    }
    int to = from;
    long left = size;
    while (left > sizes[to] - (to == from ? skip : 0)) {
      left -= sizes[to] - (to == from ? skip : 0);
      to++;
    }
    MemorySegment[] kept = Arrays.copyOfRange(memory, from, to + 1);
    long[] keptStarts = Arrays.copyOfRange(starts, from, to + 1);
    long[] keptSizes = Arrays.copyOfRange(sizes, from, to + 1);
    keptStarts[0] += skip;
    keptSizes[0] -= skip;
    keptSizes[to - from] = left;
    return new Buffers(kept, keptStarts, keptSizes, 0, to - from + 1);
  }

  /** Copies bytes out, as many as fit; answers how many. */
  public long copyTo(long offset, MemorySegment target) {
    return copy(offset, target, target.byteSize(), false);
  }

  /** Copies bytes in, as many as fit; answers how many. */
  public long copyFrom(MemorySegment source, long offset) {
    return copy(offset, source, source.byteSize(), true);
  }

  /** Copies the first {@code size} bytes in, as many as fit; answers how many. */
  public long copyFrom(MemorySegment source, long size, long offset) {
    return copy(offset, source, size, true);
  }

  /** Copies bytes to other buffers, as many as are there and fit; answers how many. */
  public long copyTo(long offset, Buffers target, long targetOffset) {
    int from = first;
    int fromEnd = first + count;
    long skip = offset;
    while (from < fromEnd && skip >= sizes[from]) {
      skip -= sizes[from++];
    }
    int to = target.first;
    int toEnd = target.first + target.count;
    long targetSkip = targetOffset;
    while (to < toEnd && targetSkip >= target.sizes[to]) {
      targetSkip -= target.sizes[to++];
    }
    long done = 0;
    while (from < fromEnd && to < toEnd) {
      long here = sizes[from] - skip;
      long there = target.sizes[to] - targetSkip;
      long take = Math.min(here, there);
      MemorySegment.copy(
          memory[from],
          starts[from] + skip,
          target.memory[to],
          target.starts[to] + targetSkip,
          take);
      done += take;
      skip += take;
      targetSkip += take;
      if (take == here) {
        from++;
        skip = 0;
      }
      if (take == there) {
        to++;
        targetSkip = 0;
      }
    }
    return done;
  }

  /** Fills everything from an offset on with zeroes. */
  public void zero(long offset) {
    Buffers rest = skip(offset);
    for (int i = 0; i < rest.count; i++) {
      rest.part(i).fill((byte) 0);
    }
  }

  private long copy(long offset, MemorySegment flat, long size, boolean into) {
    long skip = offset;
    long done = 0;
    for (int i = first; i < first + count && done < size; i++) {
      long here = sizes[i];
      if (skip >= here) {
        skip -= here;
        continue;
      }
      long take = Math.min(here - skip, size - done);
      if (into) {
        MemorySegment.copy(flat, done, memory[i], starts[i] + skip, take);
      } else {
        MemorySegment.copy(memory[i], starts[i] + skip, flat, done, take);
      }
      done += take;
      skip = 0;
    }
    return done;
  }
}
