/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.memory;

import dev.caisson.linux.Fd;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory mapped by mmap(2), unmapped by close. Sizes and offsets are bytes, in whole pages of 4
 * KiB.
 *
 * <p>Whoever closes it first sees to it that no system call still has its address.
 */
public final class Mapping implements AutoCloseable {
  public static final long PAGE = 4096;
  private static final long HUGE_PAGE = 2 << 20;
  private static final int PROT_READ_WRITE = 3;
  private static final int PROT_NONE = 0;
  private static final int MAP_SHARED = 1;
  private static final int MAP_PRIVATE = 2;
  private static final int MAP_FIXED = 0x10;
  private static final int MAP_ANONYMOUS = 0x20;
  private static final int MAP_NORESERVE = 0x4000;
  private static final int MADV_DONTNEED = 4;
  private static final int MADV_REMOVE = 9;
  private static final int MADV_HUGEPAGE = 14;
  private static final int MADV_DONTDUMP = 16;

  private final Arena arena = Arena.ofShared();
  private final MemorySegment bytes;
  private final boolean shared;

  private Mapping(long address, long size, boolean shared) {
    this.shared = shared;
    this.bytes =
        MemorySegment.ofAddress(address)
            .reinterpret(
                size, arena, mapped -> Downcall.attempt(SystemCall.MUNMAP, mapped.address(), size));
  }

  /**
   * Private zeroed memory at a 2 MiB boundary, so that the kernel can back it with huge pages. It
   * is reserved only where touched.
   */
  public static Mapping anonymous(long size) {
    long address = reserve(size);
    map(address, size, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    return new Mapping(address, size, false);
  }

  /** What the file holds, shared with everybody who maps it. */
  public static Mapping shared(Fd file, long offset, long size) {
    long address = reserve(size);
    map(address, size, MAP_SHARED | MAP_FIXED, file.number(), offset);
    return new Mapping(address, size, true);
  }

  /** What the file holds; changes stay here, page by page. The base of cloned guest memory. */
  public static Mapping copyOnWrite(Fd file, long offset, long size) {
    long address = reserve(size);
    map(address, size, MAP_PRIVATE | MAP_NORESERVE | MAP_FIXED, file.number(), offset);
    return new Mapping(address, size, false);
  }

  /** A small kernel structure, such as struct kvm_run; no alignment beyond a page. */
  public static Mapping ofDevice(Fd device, long offset, long size) {
    return new Mapping(map(0, size, MAP_SHARED, device.number(), offset), size, true);
  }

  private static long reserve(long size) {
    long slack = size >= HUGE_PAGE ? HUGE_PAGE : 0;
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    long start =
        Downcall.checked(
            "mmap", size + " bytes", SystemCall.MMAP, 0, size + slack, PROT_NONE, flags, -1, 0);
    if (slack == 0) {
      return start;
    }
    long aligned = (start + HUGE_PAGE - 1) & -HUGE_PAGE;
    unmap(start, aligned - start);
    unmap(aligned + size, start + slack - aligned);
    return aligned;
  }

  private static void unmap(long address, long size) {
    if (size > 0) {
      Downcall.attempt(SystemCall.MUNMAP, address, size);
    }
  }

  private static long map(long address, long size, int flags, int file, long offset) {
    return Downcall.checked(
        "mmap",
        size + " bytes",
        SystemCall.MMAP,
        address,
        size,
        PROT_READ_WRITE,
        flags,
        file,
        offset);
  }

  public MemorySegment bytes() {
    return bytes;
  }

  public long address() {
    return bytes.address();
  }

  public long size() {
    return bytes.byteSize();
  }

  /** Lets the kernel use huge pages; it may refuse. */
  public Mapping hugePages() {
    advise(MADV_HUGEPAGE, 0, size());
    return this;
  }

  /** Keeps the contents out of core dumps. */
  public Mapping undumped() {
    advise(MADV_DONTDUMP, 0, size());
    return this;
  }

  /** Gives pages back to the host; they read as zeroes (or the file's bytes, if copy-on-write). */
  public void discard(long offset, long length) {
    if (offset < 0 || length < 0 || offset > size() - length) {
      throw new IndexOutOfBoundsException(offset + " + " + length + " of " + size());
    }
    advise(shared ? MADV_REMOVE : MADV_DONTNEED, offset, length);
  }

  private void advise(int advice, long offset, long length) {
    Downcall.attempt(SystemCall.MADVISE, address() + offset, length, advice);
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }
}
