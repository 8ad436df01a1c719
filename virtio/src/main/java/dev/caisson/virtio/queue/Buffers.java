/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.queue;

import java.lang.foreign.MemorySegment;

/** Scattered guest memory seen as one run of bytes. */
public final class Buffers {
  public static final Buffers NONE = new Buffers(new MemorySegment[0], 0);

  private final MemorySegment[] parts;
  private final int count;
  private final long length;

  Buffers(MemorySegment[] parts, int count) {
    this.parts = parts;
    this.count = count;
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += parts[i].byteSize();
    }
    this.length = sum;
  }

  public static Buffers of(MemorySegment... parts) {
    return new Buffers(parts.clone(), parts.length);
  }

  /** Bytes in all parts together. */
  public long length() {
    return length;
  }

  public int count() {
    return count;
  }

  public MemorySegment part(int index) {
    if (index >= count) {
      throw new IndexOutOfBoundsException(index);
    }
    return parts[index];
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
    var kept = new MemorySegment[count];
    int n = 0;
    long skip = offset;
    long left = size;
    for (int i = 0; i < count && left > 0; i++) {
      long here = parts[i].byteSize();
      if (skip >= here) {
        skip -= here;
        continue;
      }
      long take = Math.min(here - skip, left);
      kept[n++] = parts[i].asSlice(skip, take);
      left -= take;
      skip = 0;
    }
    return new Buffers(kept, n);
  }

  /** Copies bytes out, as many as fit; answers how many. */
  public long copyTo(long offset, MemorySegment target) {
    return copy(offset, target, false);
  }

  /** Copies bytes in, as many as fit; answers how many. */
  public long copyFrom(MemorySegment source, long offset) {
    return copy(offset, source, true);
  }

  /** Copies bytes to other buffers, as many as are there and fit; answers how many. */
  public long copyTo(long offset, Buffers target, long targetOffset) {
    int from = 0;
    long skip = offset;
    while (from < count && skip >= parts[from].byteSize()) {
      skip -= parts[from++].byteSize();
    }
    int to = 0;
    long targetSkip = targetOffset;
    while (to < target.count && targetSkip >= target.parts[to].byteSize()) {
      targetSkip -= target.parts[to++].byteSize();
    }
    long done = 0;
    while (from < count && to < target.count) {
      long here = parts[from].byteSize() - skip;
      long there = target.parts[to].byteSize() - targetSkip;
      long take = Math.min(here, there);
      MemorySegment.copy(parts[from], skip, target.parts[to], targetSkip, take);
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
      rest.parts[i].fill((byte) 0);
    }
  }

  private long copy(long offset, MemorySegment flat, boolean into) {
    long skip = offset;
    long done = 0;
    for (int i = 0; i < count && done < flat.byteSize(); i++) {
      long here = parts[i].byteSize();
      if (skip >= here) {
        skip -= here;
        continue;
      }
      long take = Math.min(here - skip, flat.byteSize() - done);
      if (into) {
        MemorySegment.copy(flat, done, parts[i], skip, take);
      } else {
        MemorySegment.copy(parts[i], skip, flat, done, take);
      }
      done += take;
      skip = 0;
    }
    return done;
  }
}
