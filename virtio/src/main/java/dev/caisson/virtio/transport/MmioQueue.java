/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.transport;

import dev.caisson.virtio.queue.QueueLayout;

/**
 * What a driver said of one queue so far.
 *
 * @param size descriptors
 * @param descriptors guest physical address of the descriptor table
 * @param driver of the available ring
 * @param device of the used ring
 * @param ready whether the driver enabled it; then nothing changes until a reset
 * @param position where the device stands in a queue that goes on; of no meaning before it began
 */
public record MmioQueue(
    int size, long descriptors, long driver, long device, boolean ready, int position) {
  static MmioQueue unset(int largest) {
    return new MmioQueue(largest, 0, 0, 0, false, 0);
  }

  MmioQueue withSize(int next) {
    return new MmioQueue(next, descriptors, driver, device, ready, position);
  }

  /** Half of one of the addresses. */
  MmioQueue withAddress(Part part, boolean high, int half) {
    return switch (part) {
      case DESCRIPTORS ->
          new MmioQueue(size, join(descriptors, high, half), driver, device, ready, position);
      case DRIVER ->
          new MmioQueue(size, descriptors, join(driver, high, half), device, ready, position);
      case DEVICE ->
          new MmioQueue(size, descriptors, driver, join(device, high, half), ready, position);
    };
  }

  /** One of the three areas of a queue. */
  enum Part {
    DESCRIPTORS,
    DRIVER,
    DEVICE
  }

  MmioQueue withReady(boolean next) {
    return new MmioQueue(size, descriptors, driver, device, next, position);
  }

  MmioQueue at(int next) {
    return new MmioQueue(size, descriptors, driver, device, ready, next);
  }

  QueueLayout layout() {
    return new QueueLayout(size, descriptors, driver, device);
  }

  private static long join(long address, boolean high, int half) {
    return high
        ? (address & 0xffff_ffffL) | ((long) half << 32)
        : (address & ~0xffff_ffffL) | Integer.toUnsignedLong(half);
  }
}
