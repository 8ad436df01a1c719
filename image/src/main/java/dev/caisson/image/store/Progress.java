/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import java.io.IOException;

/** How far a draft has been written, shared by its writer and those who follow it. */
final class Progress {
  private enum State {
    WRITING,
    FINISHED,
    FAILED
  }

  private long written;
  private State state = State.WRITING;
  private int generation;

  synchronized long written() {
    return written;
  }

  synchronized int generation() {
    return generation;
  }

  synchronized void advance(long bytes) {
    written += bytes;
    notifyAll();
  }

  synchronized void restart() {
    written = 0;
    generation++;
    notifyAll();
  }

  synchronized void finish() {
    state = State.FINISHED;
    notifyAll();
  }

  /** Ends the wait of followers unless the draft was finished. */
  synchronized void fail() {
    if (state == State.WRITING) {
      state = State.FAILED;
      notifyAll();
    }
  }

  /**
   * Waits until there are bytes after {@code position} and says how many; -1 at the end.
   *
   * @throws IOException when the writer gave up or started over
   */
  synchronized long awaitBeyond(long position, int expectedGeneration) throws IOException {
    try {
      while (true) {
        if (state == State.FAILED || generation != expectedGeneration) {
          throw new IOException("the transfer that was being read did not complete");
        }
        if (written > position) {
          return written - position;
        }
        if (state == State.FINISHED) {
          return -1;
        }
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for a transfer", e);
    }
  }
}
