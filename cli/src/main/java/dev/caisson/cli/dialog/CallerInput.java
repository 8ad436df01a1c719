/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.dialog;

import java.io.IOException;
import java.io.InputStream;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * The caller's standard input. The front end sends no more than it has been given credit for, so a
 * command that does not read leaves the rest with the caller.
 */
final class CallerInput extends InputStream {
  private static final int CREDIT = 256 << 10;

  private final IntConsumer giveCredit;
  private byte @Nullable [] piece;
  private int at;
  private boolean ended;
  private final java.util.ArrayDeque<byte[]> arrived = new java.util.ArrayDeque<>();
  private int outstanding;

  /**
   * @param giveCredit tells the front end how many more bytes it may send
   */
  CallerInput(IntConsumer giveCredit) {
    this.giveCredit = giveCredit;
  }

  synchronized void arrive(byte[] bytes) {
    outstanding -= bytes.length;
    arrived.add(bytes);
    notifyAll();
  }

  synchronized void end() {
    ended = true;
    notifyAll();
  }

  @Override
  public int read() throws IOException {
    var one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public synchronized int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    while (piece == null || at == piece.length) {
      piece = arrived.poll();
      at = 0;
      if (piece == null) {
        if (ended) {
          return -1;
        }
        askForMore();
        await();
      }
    }
    int count = Math.min(length, piece.length - at);
    System.arraycopy(piece, at, target, offset, count);
    at += count;
    return count;
  }

  private void askForMore() {
    if (outstanding < CREDIT / 2) {
      int more = CREDIT - outstanding;
      outstanding += more;
      giveCredit.accept(more);
    }
  }

  @SuppressWarnings("WaitNotInLoop") // read() is the loop
  private void await() throws IOException {
    try {
      wait();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  @Override
  public synchronized int available() {
    return piece == null ? 0 : piece.length - at;
  }
}
