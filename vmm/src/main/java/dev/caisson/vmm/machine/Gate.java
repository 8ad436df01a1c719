/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.machine;

/** Where vCPU threads wait while their machine is paused, and learn that it ended. */
final class Gate {
  private enum State {
    OPEN,
    CLOSED,
    DEMOLISHED
  }

  private volatile State state = State.OPEN;
  private int threads;
  private int waiting;

  /**
   * @param threads how many pass here
   */
  Gate(int threads) {
    this.threads = threads;
  }

  /** Returns when the guest may run; false when it never may again. */
  synchronized boolean pass() {
    waiting++;
    notifyAll();
    boolean interrupted = false;
    while (state == State.CLOSED) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true; // nobody interrupts vCPU threads to stop them; keep it for who did
      }
    }
    waiting--;
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return state == State.OPEN;
  }

  /** One thread will not come again. */
  synchronized void leave() {
    threads--;
    notifyAll();
  }

  /** False when the machine has ended. */
  synchronized boolean close() {
    if (state == State.OPEN) {
      state = State.CLOSED;
    }
    return state == State.CLOSED;
  }

  /** Returns when every thread that is left waits here. */
  synchronized void awaitAll() throws InterruptedException {
    while (state == State.CLOSED && waiting < threads) {
      wait();
    }
  }

  synchronized void open() {
    if (state == State.CLOSED) {
      state = State.OPEN;
    }
    notifyAll();
  }

  synchronized void demolish() {
    state = State.DEMOLISHED;
    notifyAll();
  }

  /** Whether it is closed and nobody is on the way to it any more. */
  synchronized boolean holdsAll() {
    return state == State.CLOSED && waiting >= threads;
  }

  boolean isOpen() {
    return state == State.OPEN;
  }
}
