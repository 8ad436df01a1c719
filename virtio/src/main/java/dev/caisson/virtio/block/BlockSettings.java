/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.block;

import java.nio.charset.StandardCharsets;

/**
 * How a disk is shown to a guest.
 *
 * @param serial 0 to 20 visible ASCII characters; udev names the disk by it
 * @param queues 1 to 64
 * @param writable whether the guest may write, if the disk allows it
 * @param physicalBlock bytes the host moves at least: a power of two, 512 to 1 MiB
 * @param optimal bytes a request should have and begin at a multiple of, such as a qcow2 cluster:
 *     0, or a multiple of 512 up to 16 MiB
 */
public record BlockSettings(
    String serial, int queues, boolean writable, int physicalBlock, int optimal) {
  static final int SERIAL = 20;
  private static final int MOST_QUEUES = 64;
  private static final int LARGEST_OPTIMAL = 16 << 20;

  public BlockSettings {
    boolean plain = serial.chars().allMatch(c -> c > ' ' && c < 0x7f);
    if (!plain || serial.getBytes(StandardCharsets.US_ASCII).length > SERIAL) {
      throw new IllegalArgumentException("serial \"" + serial + "\": at most 20 ASCII characters");
    }
    if (queues < 1 || queues > MOST_QUEUES) {
      throw new IllegalArgumentException(queues + " queues");
    }
    if (physicalBlock < 512 || physicalBlock > 1 << 20 || Integer.bitCount(physicalBlock) != 1) {
      throw new IllegalArgumentException("physical block of " + physicalBlock + " bytes");
    }
    if (optimal < 0 || optimal > LARGEST_OPTIMAL || optimal % 512 != 0) {
      throw new IllegalArgumentException("optimal request of " + optimal + " bytes");
    }
  }

  /** One queue, writable, pages of 4 KiB. */
  public static BlockSettings of(String serial) {
    return new BlockSettings(serial, 1, true, 4096, 0);
  }

  public BlockSettings withQueues(int count) {
    return new BlockSettings(serial, count, writable, physicalBlock, optimal);
  }

  public BlockSettings readOnly() {
    return new BlockSettings(serial, queues, false, physicalBlock, optimal);
  }
}
