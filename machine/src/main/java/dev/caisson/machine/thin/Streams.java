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
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/** A reader's end of a guest process: its output from a queue, its input straight to the guest. */
class Streams implements Attachment {
  private final OutputQueue output;
  private final CompletableFuture<GuestProcess> process;
  private final boolean terminal;
  private final Runnable leave;

  /**
   * @param process once it was launched; fails if it never will be
   * @param leave run by close
   */
  Streams(
      OutputQueue output,
      CompletableFuture<GuestProcess> process,
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

  /** What is written before the machine has booted waits for it. */
  @Override
  public void write(ByteBuffer bytes) throws IOException {
    try {
      process.get().input(bytes);
    } catch (ExecutionException e) {
      throw new IOException("nothing runs that could read", e);
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
    if (!terminal) {
      var _ = process.thenAccept(GuestProcess::endInput);
    }
  }

  @Override
  public void resize(int rows, int columns) {
    if (terminal) {
      var _ = process.thenAccept(to -> to.resize(rows, columns));
    }
  }

  @Override
  public void close() {
    output.end();
    leave.run();
  }
}
