/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.device;

import java.util.List;

/**
 * What every device served here promises, whoever hosts it: a transport of our own hypervisor, or
 * another VMM over vhost-user.
 *
 * <p>The order is: features and configuration are read; {@link #start}; then {@link #kicked} from
 * one thread per queue; {@link #stop} once no kick is running; then perhaps start again. A device
 * that finds a guest at fault throws a {@code VirtioException} of kind GUEST from {@code kicked} or
 * gives it to {@link DeviceQueue#fail}; the transport then marks it broken.
 */
public non-sealed interface VirtioDevice extends Device {
  /** Feature bits of this device alone; the common ones are added by who hosts it. */
  @Override
  long features();

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
   * For how many microseconds after a kick a queue may rest before {@link #rested}; -1 for as long
   * as it takes.
   */
  default int patience(int queue) {
    return -1;
  }

  /** No kick came for a queue's {@link #patience}. From the thread that kicks come from. */
  default void rested(int queue) {}
}
