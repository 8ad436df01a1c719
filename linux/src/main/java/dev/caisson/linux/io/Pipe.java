/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

import dev.caisson.linux.Fd;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Both ends of a pipe. pipe2(2) */
public record Pipe(Fd reader, Fd writer) implements AutoCloseable {
  private static final int O_CLOEXEC = 02000000;

  /** A new one; neither end outlives an exec. */
  public static Pipe open() {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment pair = scratch.allocate(8, 4);
      Downcall.checked("pipe2", "", SystemCall.PIPE2, pair.address(), O_CLOEXEC);
      return new Pipe(
          Fd.adopt(pair.get(ValueLayout.JAVA_INT, 0)), Fd.adopt(pair.get(ValueLayout.JAVA_INT, 4)));
    }
  }

  @Override
  public void close() {
    reader.close();
    writer.close();
  }
}
