/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.machine.guest.GuestProcess;
import dev.caisson.sandbox.ability.Attachment;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A reader's end of a guest process: its output from a queue, its input straight to the guest. */
class Streams implements Attachment {
  private final OutputQueue output;
  private final Supplier<@Nullable GuestProcess> process;
  private final boolean terminal;
  private final Runnable leave;

  /**
   * @param process null until it was launched
   * @param leave run by close
   */
  Streams(
      OutputQueue output,
      Supplier<@Nullable GuestProcess> process,
      boolean terminal,
      Runnable leave) {
    this.output = output;
    this.process = process;
    this.terminal = terminal;
    this.leave = leave;
  }

  static Stream stream(int number) {
    return number == 2 ? Stream.STDERR : Stream.STDOUT;
  }

  static int number(Stream stream) {
    return stream == Stream.STDERR ? 2 : 1;
  }

  @Override
  public Optional<Chunk> read() throws IOException {
    try {
      return output.take();
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  @Override
  public void write(ByteBuffer bytes) throws IOException {
    GuestProcess to = process.get();
    if (to == null) {
      throw new IOException("nothing runs yet that could read");
    }
    try {
      to.input(bytes);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private static IOException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    var failure = new InterruptedIOException("interrupted");
    failure.initCause(e);
    return failure;
  }

  @Override
  public void closeInput() {
    GuestProcess to = process.get();
    if (to != null && !terminal) {
      to.endInput();
    }
  }

  @Override
  public void resize(int rows, int columns) {
    GuestProcess to = process.get();
    if (to != null && terminal) {
      to.resize(rows, columns);
    }
  }

  @Override
  public void close() {
    output.end();
    leave.run();
  }
}
