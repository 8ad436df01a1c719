/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.node;

import dev.caisson.linux.Fd;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An open file or directory of a file server; answers as {@link Node} does. Offsets and lengths are
 * bytes.
 */
public final class OpenNode implements AutoCloseable {
  private static final int SYNC_FILE_RANGE_WRITE = 2;

  private final Fd fd;

  private OpenNode(Fd fd) {
    this.fd = fd;
  }

  /** Takes ownership of a descriptor. */
  public static OpenNode of(Fd fd) {
    return new OpenNode(fd);
  }

  public int number() {
    return fd.number();
  }

  /** preadv(2) into scattered memory. */
  public long read(Places targets, long offset) {
    return targets.count() == 1
        ? Downcall.attempt(
            SystemCall.PREAD64, fd.number(), targets.address(), targets.size(), offset)
        : vectored(SystemCall.PREADV, targets, offset);
  }

  /** pwritev(2) from scattered memory. */
  public long write(Places sources, long offset) {
    return sources.count() == 1
        ? Downcall.attempt(
            SystemCall.PWRITE64, fd.number(), sources.address(), sources.size(), offset)
        : vectored(SystemCall.PWRITEV, sources, offset);
  }

  private long vectored(long call, Places places, long offset) {
    return Downcall.attempt(call, fd.number(), places.vectors(), places.count(), offset, 0, 0);
  }

  /** getdents64(2) from where the last such call stopped. */
  public long entries(MemorySegment target) {
    return Downcall.attempt(
        SystemCall.GETDENTS64, fd.number(), target.address(), target.byteSize());
  }

  /** fsync(2), or fdatasync(2) for {@code dataOnly}. */
  public long sync(boolean dataOnly) {
    return Downcall.attempt(dataOnly ? SystemCall.FDATASYNC : SystemCall.FSYNC, fd.number());
  }

  /** Has written pages go to the disk from now on, and waits for none. sync_file_range(2) */
  public long startWriting(long offset, long length) {
    return Downcall.attempt(
        SystemCall.SYNC_FILE_RANGE, fd.number(), offset, length, SYNC_FILE_RANGE_WRITE, 0, 0);
  }

  /** ftruncate(2) to {@code size} bytes. */
  public long truncate(long size) {
    return Downcall.attempt(SystemCall.FTRUNCATE, fd.number(), size);
  }

  /** fallocate(2) with its mode as the kernel numbers it; offset and length are bytes. */
  public long allocate(int mode, long offset, long length) {
    return Downcall.attempt(SystemCall.FALLOCATE, fd.number(), mode, offset, length);
  }

  /** lseek(2) with its whence as the kernel numbers it. */
  public long seek(long offset, int whence) {
    return Downcall.attempt(SystemCall.LSEEK, fd.number(), offset, whence);
  }

  /** fchmod(2); of {@code mode} the 12 permission bits count. */
  public long changePermissions(int mode) {
    return Downcall.attempt(SystemCall.FCHMOD, fd.number(), mode & 07777);
  }

  /** copy_file_range(2): offsets and length are bytes; it may copy fewer than asked. */
  public long copyTo(OpenNode target, long offset, long targetOffset, long length) {
    try (Scratch scratch = Scratch.open()) {
      return Downcall.attempt(
          SystemCall.COPY_FILE_RANGE,
          fd.number(),
          scratch.allocateFrom(ValueLayout.JAVA_LONG, offset).address(),
          target.fd.number(),
          scratch.allocateFrom(ValueLayout.JAVA_LONG, targetOffset).address(),
          length,
          0);
    }
  }

  @Override
  public void close() {
    fd.close();
  }

  @Override
  public String toString() {
    return fd.toString();
  }
}
