/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.transport;

import dev.caisson.linux.io.EventCounter;

/** What a transport needs of the machine it sits in. */
public interface MmioHost {
  /** Each signal of it is an edge on the device's interrupt line; another process may have it. */
  EventCounter line();

  /** Raises an edge on the device's interrupt line; must not block. */
  default void interrupt() {
    line().signal();
  }

  /**
   * From now on a write of this number to QueueNotify raises the counter. A host that cannot do
   * that does nothing: the write then reaches {@link MmioTransport#write}.
   */
  void doorbell(EventCounter counter, int queue);
}
