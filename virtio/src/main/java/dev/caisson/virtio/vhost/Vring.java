/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vhost;

import dev.caisson.linux.io.EventCounter;
import dev.caisson.virtio.queue.QueueLayout;
import dev.caisson.virtio.queue.VirtQueue;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** What the other VMM said of one queue so far. */
final class Vring implements AutoCloseable {
  int size;
  long descriptors;
  long driver;
  long device;
  private OptionalInt base = OptionalInt.empty();
  boolean enabled;
  @Nullable EventCounter kick;
  @Nullable EventCounter call;
  @Nullable EventCounter error;

  void base(int told) {
    base = OptionalInt.of(told);
  }

  /** Where the device goes on; at the beginning when nobody said otherwise. */
  int base(long features) {
    return base.orElse(VirtQueue.beginning(features));
  }

  boolean ready() {
    return size > 0 && kick != null && enabled;
  }

  QueueLayout layout(VhostMemory memory) {
    return new QueueLayout(
        size,
        memory.guestAddress(descriptors),
        memory.guestAddress(driver),
        memory.guestAddress(device));
  }

  synchronized void kick(@Nullable EventCounter next) {
    closeIfPresent(kick);
    kick = next;
  }

  synchronized void call(@Nullable EventCounter next) {
    closeIfPresent(call);
    call = next;
  }

  synchronized void error(@Nullable EventCounter next) {
    closeIfPresent(error);
    error = next;
  }

  // Signals come from workers while the other VMM may replace the counter they go to.

  synchronized void interrupt() {
    signalIfPresent(call);
  }

  synchronized void fail() {
    signalIfPresent(error);
  }

  private static void signalIfPresent(@Nullable EventCounter counter) {
    if (counter != null) {
      counter.signal();
    }
  }

  private static void closeIfPresent(@Nullable EventCounter counter) {
    if (counter != null) {
      counter.close();
    }
  }

  @Override
  public void close() {
    kick(null);
    call(null);
    error(null);
  }
}
