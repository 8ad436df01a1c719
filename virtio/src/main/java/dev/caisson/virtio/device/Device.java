/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.device;

import java.lang.foreign.MemorySegment;
import java.util.List;

/** What a driver sees of a device, whoever serves its queues: we, or another process. */
public sealed interface Device extends AutoCloseable permits VirtioDevice, ForeignDevice {
  DeviceType type();

  /** Feature bits it can offer. */
  long features();

  /** The largest size of each queue; the list's length is the number of queues. */
  List<Integer> queueSizes();

  /** Bytes of the configuration space. */
  default int configSize() {
    return 0;
  }

  /** Copies the configuration space, which is {@link #configSize} bytes, little-endian. */
  default void readConfig(MemorySegment target) {}

  /** The driver wrote a configuration field; what is outside or read-only is ignored. */
  default void writeConfig(int offset, byte[] bytes) {}

  /**
   * Registers who is to be told that the configuration space changed by itself: the transport,
   * once, before the first start. The listener must not block.
   */
  default void onConfigChange(Runnable listener) {}

  /** After this returns, nobody touches its queues or the guest's memory for it. */
  void stop();

  /**
   * The driver reset the device, or another driver begins: what it said so far is forgotten. Comes
   * after stop; a start without it goes on where the device stopped.
   */
  default void reset() {}

  /** Frees what the device holds on the host. */
  @Override
  void close();
}
