/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.queue;

import dev.caisson.virtio.VirtioException;

/**
 * Where a driver put a queue, already proven sane apart from lying in memory.
 *
 * @param size number of descriptors, a power of two for split rings, 1 to 32768
 * @param descriptors guest physical address of the descriptor table (or packed ring)
 * @param driver of the available ring (or driver event suppression)
 * @param device of the used ring (or device event suppression)
 */
public record QueueLayout(int size, long descriptors, long driver, long device) {
  public static final int LARGEST = 32768;

  public QueueLayout {
    if (size < 1 || size > LARGEST) {
      throw VirtioException.guest("queue size " + size);
    }
    aligned("descriptor table", descriptors, 16);
  }

  private static void aligned(String what, long address, int alignment) {
    if ((address & (alignment - 1)) != 0) {
      throw VirtioException.guest("%s at unaligned address 0x%x".formatted(what, address));
    }
  }

  QueueLayout split() {
    if (Integer.bitCount(size) != 1) {
      throw VirtioException.guest("split queue size " + size + " is not a power of two");
    }
    aligned("available ring", driver, 2);
    aligned("used ring", device, 4);
    return this;
  }

  QueueLayout packed() {
    aligned("driver event area", driver, 4);
    aligned("device event area", device, 4);
    return this;
  }
}
