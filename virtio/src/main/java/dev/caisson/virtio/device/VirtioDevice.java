/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.device;

import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * What every device promises, whoever hosts it: a transport of our own hypervisor, or another VMM
 * over vhost-user.
 *
 * <p>The order is: features and configuration are read; {@link #start}; then {@link #kicked} from
 * one thread per queue; {@link #stop} once no kick is running; then perhaps start again. A device
 * that finds a guest at fault throws a {@code VirtioException} of kind GUEST from {@code kicked} or
 * gives it to {@link DeviceQueue#fail}; the transport then marks it broken.
 */
public interface VirtioDevice extends AutoCloseable {
  DeviceType type();

  /** Feature bits of this device alone. */
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

  /**
   * The driver is ready.
   *
   * @param features what driver and device agreed on, with the common bits
   * @param queues one per queue; one the driver did not enable is never kicked and stays empty
   */
  void start(long features, List<DeviceQueue> queues);

  /** The driver offered something in a queue. */
  void kicked(int queue);

  /**
   * For how many milliseconds after a kick a queue may rest before {@link #rested}; -1 for as long
   * as it takes.
   */
  default int patience(int queue) {
    return -1;
  }

  /** No kick came for a queue's {@link #patience}. From the thread that kicks come from. */
  default void rested(int queue) {}

  /** After this returns, the device does not touch its queues or the guest's memory. */
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
