/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/**
 * A virtual disk: {@link #size()} bytes that can be read, and perhaps written, at any offset.
 *
 * <p>Every method may be called by any number of threads at once (virtual threads included; calls
 * block). Two overlapping writes at the same moment leave either one's bytes in each place. What a
 * disk can do besides is shown by the ability interfaces it also implements: {@link Sparse}, {@link
 * Resizable}, {@link Snapshots}, {@link DirtyBitmaps}, {@link Layered}.
 *
 * <p>All failures are {@link DiskException}s. A request that does not lie within the disk is
 * refused as {@link DiskException.Kind#OUT_OF_RANGE} before a byte moves.
 */
public interface Disk extends AutoCloseable {

  /** Length in bytes; not necessarily a multiple of 512. */
  long size();

  /** Whether {@link #write} is allowed. */
  boolean writable();

  /** Name of the format as qemu-img spells it: {@code raw}, {@code qcow2}, {@code vmdk}, ... */
  String format();

  /** Fills {@code target} from its position to its limit with the bytes at {@code offset}. */
  void read(long offset, ByteBuffer target);

  /** Writes all that remains in {@code source} at {@code offset}; visible to reads on return. */
  void write(long offset, ByteBuffer source);

  /**
   * Returns once everything written before is on stable storage, as far as the host can promise.
   */
  void flush();

  /**
   * Tells what stands at {@code offset}: the longest run, at most {@code length} bytes, that is all
   * of one kind as far as this disk can tell cheaply. Neighbouring runs may be of the same kind.
   *
   * @param length 1 or more, with {@code offset + length} at most {@link #size()}
   */
  Extent extent(long offset, long length);

  /** Writes back what is dirty and lets the file go; a second call does nothing. */
  @Override
  void close();

  /** Reads {@code length} bytes into an array of their own. */
  default byte[] read(long offset, int length) {
    var bytes = new byte[length];
    read(offset, ByteBuffer.wrap(bytes));
    return bytes;
  }

  /** As {@link #read(long, ByteBuffer)}; at most 2 GiB - 1 at once. */
  default void read(long offset, MemorySegment target) {
    read(offset, target.asByteBuffer());
  }

  /** As {@link #write(long, ByteBuffer)}. */
  default void write(long offset, byte[] source) {
    write(offset, ByteBuffer.wrap(source));
  }

  /** As {@link #write(long, ByteBuffer)}; at most 2 GiB - 1 at once. */
  default void write(long offset, MemorySegment source) {
    write(offset, source.asByteBuffer());
  }
}
