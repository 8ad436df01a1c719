/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

/** Feature bits of a network device. virtio 1.2, section 5.1.3 */
public final class NetFeatures {
  /** The guest may leave checksums to the device. */
  public static final long CHECKSUM = 1;

  /** The guest takes frames whose checksum is not complete. */
  public static final long GUEST_CHECKSUM = 1L << 1;

  static final long MTU = 1L << 3;
  static final long ADDRESS = 1L << 5;

  /** The guest takes TCP frames larger than its link. */
  public static final long GUEST_TSO4 = 1L << 7;

  public static final long GUEST_TSO6 = 1L << 8;

  /** The guest may send TCP frames larger than its link. */
  public static final long HOST_TSO4 = 1L << 11;

  public static final long HOST_TSO6 = 1L << 12;
  static final long MERGEABLE_BUFFERS = 1L << 15;
  static final long STATUS = 1L << 16;
  static final long CONTROL_QUEUE = 1L << 17;
  static final long MULTIPLE_QUEUES = 1L << 22;

  /** Everything that leaves work on frames to somebody who does it better. */
  public static final long OFFLOADS =
      CHECKSUM | GUEST_CHECKSUM | GUEST_TSO4 | GUEST_TSO6 | HOST_TSO4 | HOST_TSO6;

  private NetFeatures() {}
}
