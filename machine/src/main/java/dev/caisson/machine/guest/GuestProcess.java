/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.guest;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;

/** One plan carried out in the guest, and the process it became. */
public final class GuestProcess {
  /** Bytes of a stream that may be on their way, in either direction. */
  public static final int CREDIT = 128 << 10;

  private static final int PIECE = 32 << 10;

  private final GuestChannel channel;
  private final int session;
  private final Receiver receiver;
  private final CompletableFuture<Integer> started = new CompletableFuture<>();
  private final CompletableFuture<Integer> exited = new CompletableFuture<>();
  private int inputCredit = CREDIT;
  private boolean ended;

  /** Takes output in the channel's thread: it must not block. */
  public interface Receiver {
    /**
     * @param stream 1 standard output or terminal, 2 standard error
     * @param bytes valid beyond the call; at most 32 KiB
     */
    void output(int stream, ByteBuffer bytes);

    /** A stream has no more. */
    void end(int stream);
  }

  GuestProcess(GuestChannel channel, int session, Receiver receiver) {
    this.channel = channel;
    this.session = session;
    this.receiver = receiver;
  }

  /** The guest's process id once it runs; fails with {@link GuestFailure}. */
  public CompletableFuture<Integer> started() {
    return started;
  }

  /** Exit code, or 128 + signal; fails when the guest is gone first. */
  public CompletableFuture<Integer> exited() {
    return exited;
  }

  /** Tells the guest that so much output was taken and as much may follow. */
  public void taken(int stream, int bytes) {
    channel.send(GuestChannel.CREDIT, stream, session, GuestChannel.numbers(bytes));
  }

  /** Sends all bytes to standard input; waits while the process does not read. */
  public void input(ByteBuffer bytes) throws InterruptedException {
    while (bytes.hasRemaining()) {
      int count;
      synchronized (this) {
        while (inputCredit == 0 && !ended) {
          wait();
        }
        if (ended) {
          return;
        }
        count = Math.min(PIECE, Math.min(inputCredit, bytes.remaining()));
        inputCredit -= count;
      }
      byte[] piece = new byte[count];
      bytes.get(piece);
      channel.send(GuestChannel.INPUT, 0, session, piece);
    }
  }

  public void endInput() {
    channel.send(GuestChannel.INPUT, 0, session, new byte[0]);
  }

  public void resize(int rows, int columns) {
    channel.send(GuestChannel.WINDOW, 0, session, GuestChannel.numbers(rows, columns));
  }

  public void signal(int number) {
    channel.send(GuestChannel.SIGNAL, 0, session, GuestChannel.numbers(number));
  }

  synchronized int inputCredit() {
    return inputCredit;
  }

  /** It was started in another life of the guest. */
  void goOn(int pid, int credit) {
    synchronized (this) {
      inputCredit = Math.clamp(credit, 0, CREDIT);
    }
    started.complete(pid);
  }

  void onStarted(int pid) {
    started.complete(pid);
  }

  void onFailed(ByteBuffer payload) {
    int step = payload.getInt();
    int errno = payload.getInt();
    String detail = StandardCharsets.UTF_8.decode(payload).toString();
    onGone(new GuestFailure(step, errno, detail));
  }

  void onOutput(int stream, ByteBuffer bytes) {
    if (bytes.hasRemaining()) {
      receiver.output(stream, bytes);
    } else {
      receiver.end(stream);
    }
  }

  synchronized void onAccepted(int bytes) {
    inputCredit = Math.clamp((long) inputCredit + bytes, 0, CREDIT);
    notifyAll();
  }

  void onExited(int status) {
    synchronized (this) {
      ended = true;
      notifyAll();
    }
    receiver.end(1);
    receiver.end(2);
    exited.complete(status & 0xff);
  }

  void onGone(RuntimeException cause) {
    synchronized (this) {
      ended = true;
      notifyAll();
    }
    receiver.end(1);
    receiver.end(2);
    started.completeExceptionally(cause);
    exited.completeExceptionally(cause);
  }
}
