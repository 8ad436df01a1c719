/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.file;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Advisory locks that belong to an open file description, so that two parts of one process exclude
 * each other as two processes do. Closing the last descriptor releases them.
 */
public final class FileLock {
  private static final int LOCK_SH = 1;
  private static final int LOCK_EX = 2;
  private static final int LOCK_NB = 4;
  private static final int F_OFD_GETLK = 36;
  private static final int F_OFD_SETLK = 37; // include/uapi/asm-generic/fcntl.h
  private static final short F_RDLCK = 0;
  private static final short F_WRLCK = 1;
  private static final short F_UNLCK = 2;

  private FileLock() {}

  /** Waits for the whole-file lock. flock(2); blocks, so not on a virtual thread. */
  public static void lock(Fd file, boolean shared) {
    Downcall.checked("flock", file, SystemCall.FLOCK, file.number(), shared ? LOCK_SH : LOCK_EX);
  }

  /** Takes the whole-file lock unless somebody else has it. flock(2) */
  public static boolean tryLock(Fd file, boolean shared) {
    long result =
        Downcall.attempt(SystemCall.FLOCK, file.number(), (shared ? LOCK_SH : LOCK_EX) | LOCK_NB);
    return granted("flock", file, result);
  }

  /**
   * Takes a lock on bytes {@code offset} to {@code offset + length - 1} unless somebody else has
   * one that conflicts. The kind of lock QEMU uses for disk images. fcntl(2) F_OFD_SETLK
   */
  public static boolean tryLockRange(Fd file, long offset, long length, boolean shared) {
    return granted("fcntl", file, range(file, offset, length, shared ? F_RDLCK : F_WRLCK));
  }

  /**
   * Gives locks on the bytes back; where this open file has none, nothing happens. fcntl(2)
   * F_OFD_SETLK
   */
  public static void unlockRange(Fd file, long offset, long length) {
    granted("fcntl", file, range(file, offset, length, F_UNLCK));
  }

  /** Whether another open file holds a lock, of any kind, on the bytes. fcntl(2) F_OFD_GETLK */
  public static boolean lockedByOther(Fd file, long offset, long length) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment flock = lock(scratch, offset, length, F_WRLCK);
      long result = Downcall.attempt(SystemCall.FCNTL, file.number(), F_OFD_GETLK, flock.address());
      return granted("fcntl", file, result) && flock.get(ValueLayout.JAVA_SHORT, 0) != F_UNLCK;
    }
  }

  private static long range(Fd file, long offset, long length, short type) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment flock = lock(scratch, offset, length, type);
      return Downcall.attempt(SystemCall.FCNTL, file.number(), F_OFD_SETLK, flock.address());
    }
  }

  private static MemorySegment lock(Scratch scratch, long offset, long length, short type) {
    MemorySegment flock = scratch.allocate(32, 8); // struct flock; l_pid stays 0 for OFD locks
    flock.set(ValueLayout.JAVA_SHORT, 0, type);
    flock.set(ValueLayout.JAVA_LONG, 8, offset);
    flock.set(ValueLayout.JAVA_LONG, 16, length);
    return flock;
  }

  private static boolean granted(String call, Fd file, long result) {
    if (result >= 0) {
      return true;
    }
    Errno errno = Errno.of((int) -result);
    if (errno == Errno.EAGAIN || errno == Errno.EACCES) {
      return false;
    }
    throw new LinuxException(call, file, errno);
  }
}
