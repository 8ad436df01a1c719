/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.node;

import dev.caisson.linux.call.Vectors;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * The places in memory that one call reads into or writes from, collected again and again by one
 * thread. Whoever uses them keeps the memory from being freed meanwhile. struct iovec, readv(2)
 */
public final class Places {
  private static final int WORDS = 2; // of a struct iovec: address, length

  private final long[] words = new long[WORDS * Vectors.MOST];
  private final MemorySegment wordsAsMemory = MemorySegment.ofArray(words);
  private final MemorySegment vectors = Arena.ofAuto().allocate(wordsAsMemory.byteSize(), 8);
  private int count;

  /** None. */
  public Places() {}

  /** Begins anew. */
  public void clear() {
    count = 0;
  }

  /** Whether as many are in as one call takes. */
  public boolean isFull() {
    return count == Vectors.MOST;
  }

  /**
   * Bytes of native memory.
   *
   * @throws IndexOutOfBoundsException when they are not inside, or no further place is taken
   */
  public void add(MemorySegment memory, long offset, long size) {
    if (!memory.isNative()) {
      throw new IllegalArgumentException("the kernel cannot reach memory of the heap");
    }
    Objects.checkFromIndexSize(offset, size, memory.byteSize());
    Objects.checkIndex(count, Vectors.MOST);
    words[WORDS * count] = memory.address() + offset;
    words[WORDS * count + 1] = size;
    count++;
  }

  int count() {
    return count;
  }

  /** The address of the only place. */
  long address() {
    return words[0];
  }

  /** The length of the only place. */
  long size() {
    return words[1];
  }

  /** The address of all, as the kernel reads them. */
  long vectors() {
    MemorySegment.copy(wordsAsMemory, 0, vectors, 0, 8L * WORDS * count);
    return vectors.address();
  }
}
