/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio;

/**
 * Feature bits that belong to queues and transports rather than to a device. virtio 1.2, section 6
 */
public final class Features {
  public static final long INDIRECT_DESCRIPTORS = 1L << 28;
  public static final long EVENT_INDEX = 1L << 29;
  public static final long VERSION_1 = 1L << 32;
  public static final long PACKED_RING = 1L << 34;

  /** What every device of this library offers besides its own bits. */
  public static final long COMMON = INDIRECT_DESCRIPTORS | EVENT_INDEX | VERSION_1 | PACKED_RING;

  private Features() {}

  public static boolean has(long features, long bit) {
    return (features & bit) != 0;
  }
}
