/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.call;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Memory for the arguments of a system call, zeroed, valid until closed. Frames of one thread nest;
 * what does not fit in the thread's slab is allocated and freed with the frame.
 */
public final class Scratch implements SegmentAllocator, AutoCloseable {
  private final Slab slab;
  private final long mark;
  private @Nullable Arena overflow;

  private Scratch(Slab slab) {
    this.slab = slab;
    this.mark = slab.used;
  }

  public static Scratch open() {
    return new Scratch(Slab.take());
  }

  @Override
  public MemorySegment allocate(long size, long alignment) {
    long start = (slab.used + alignment - 1) & -alignment;
    if (size > Slab.SIZE - start) {
      if (overflow == null) {
        overflow = Arena.ofConfined();
      }
      return overflow.allocate(size, alignment);
    }
    slab.used = start + size;
    return slab.room.asSlice(start, size).fill((byte) 0);
  }

  /**
   * A NUL-terminated string in UTF-8.
   *
   * @throws IllegalArgumentException if it holds a NUL, which the kernel would silently cut at
   */
  public MemorySegment string(String text) {
    if (text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("holds a NUL character: " + text.replace('\0', '?'));
    }
    return bytes((text + '\0').getBytes(StandardCharsets.UTF_8));
  }

  public MemorySegment string(Path path) {
    return string(path.toString());
  }

  public MemorySegment bytes(byte[] content) {
    MemorySegment copy = allocate(Math.max(1, content.length), 1);
    MemorySegment.copy(MemorySegment.ofArray(content), 0, copy, 0, content.length);
    return copy;
  }

  /** A NULL-terminated array of strings, as execve(2) takes. */
  public MemorySegment strings(List<String> texts) {
    MemorySegment array = allocate(8L * (texts.size() + 1), 8);
    for (int i = 0; i < texts.size(); i++) {
      array.setAtIndex(ValueLayout.JAVA_LONG, i, string(texts.get(i)).address());
    }
    return array;
  }

  @Override
  public void close() {
    slab.used = mark;
    if (overflow != null) {
      overflow.close();
    }
    slab.give();
  }
}
