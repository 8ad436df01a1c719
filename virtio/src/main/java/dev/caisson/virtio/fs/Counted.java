/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

/**
 * Something with a descriptor that one thread may forget while another uses it: the descriptor is
 * closed by the last of them, since its number could meanwhile name another file.
 */
abstract class Counted implements AutoCloseable {
  private int users = 1;

  /**
   * @return false when it is already gone
   */
  final synchronized boolean enter() {
    if (users == 0) {
      return false;
    }
    users++;
    return true;
  }

  /** Ends one use; the first use is the table's own. */
  @Override
  public final void close() {
    boolean last;
    synchronized (this) {
      last = --users == 0;
    }
    if (last) {
      release();
    }
  }

  abstract void release();
}
