/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.OptionalInt;

/** Sequential reads and writes of a pipe, terminal or stream socket. */
public final class Channel implements AutoCloseable {
  private static final int F_GETFL = 3;
  private static final int F_SETFL = 4;
  private static final int O_NONBLOCK = 04000;
  private static final int PIECE = 8 << 10;

  private final Fd fd;

  public Channel(Fd fd) {
    this.fd = fd;
  }

  public Fd fd() {
    return fd;
  }

  /** Makes reads and writes answer "not now" instead of waiting. fcntl(2) O_NONBLOCK */
  public Channel nonBlocking() {
    long flags = Downcall.checked("fcntl", fd, SystemCall.FCNTL, fd.number(), F_GETFL);
    Downcall.checked("fcntl", fd, SystemCall.FCNTL, fd.number(), F_SETFL, flags | O_NONBLOCK);
    return this;
  }

  /**
   * Reads up to the array's length, at most 8 KiB at a time. read(2)
   *
   * @return bytes read; -1 at the end; empty if a non-blocking descriptor has nothing yet
   */
  public OptionalInt read(byte[] target) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment piece = scratch.allocate(Math.max(1, Math.min(target.length, PIECE)), 1);
      long count = transfer("read", SystemCall.READ, piece, Math.min(target.length, PIECE));
      if (count == -Errno.EAGAIN.number()) {
        return OptionalInt.empty();
      }
      if (count == 0 || count == -Errno.EIO.number()) {
        return OptionalInt.of(-1); // EIO: the last process closed the other side of a terminal
      }
      MemorySegment.copy(piece, ValueLayout.JAVA_BYTE, 0, target, 0, (int) count);
      return OptionalInt.of((int) count);
    }
  }

  /**
   * Writes from {@code offset} on. write(2)
   *
   * @return bytes written, 0 if a non-blocking descriptor takes none now
   */
  public int write(byte[] source, int offset, int length) {
    try (Scratch scratch = Scratch.open()) {
      int size = Math.min(length, PIECE);
      MemorySegment piece = scratch.allocate(Math.max(1, size), 1);
      MemorySegment.copy(source, offset, piece, ValueLayout.JAVA_BYTE, 0, size);
      long count = transfer("write", SystemCall.WRITE, piece, size);
      if (count == -Errno.EAGAIN.number()) {
        return 0;
      }
      if (count < 0) {
        throw new LinuxException("write", fd, Errno.of((int) -count));
      }
      return (int) count;
    }
  }

  /** Writes everything to a blocking descriptor. */
  public void writeFully(byte[] source) {
    int done = 0;
    while (done < source.length) {
      done += write(source, done, source.length - done);
    }
  }

  @Override
  public void close() {
    fd.close();
  }

  private long transfer(String call, long number, MemorySegment piece, int size) {
    while (true) {
      long count = Downcall.attempt(number, fd.number(), piece, size, 0);
      if (count >= 0 || count == -Errno.EAGAIN.number() || count == -Errno.EIO.number()) {
        return count;
      }
      if (count != -Errno.EINTR.number()) {
        throw new LinuxException(call, fd, Errno.of((int) -count));
      }
    }
  }
}
