/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vhost;

/**
 * What the two sides of vhost-user agree on beside the device's features. QEMU's manual, "Protocol
 * features"
 */
final class ProtocolFeature {
  /** The bit among the device's features that says that there are any. */
  static final long OFFERED = 1L << 30;

  static final long MULTIPLE_QUEUES = 1;
  static final long REPLY_ACKNOWLEDGED = 1L << 3;
  static final long BACKEND_CHANNEL = 1L << 5;
  static final long CONFIGURATION = 1L << 9;
  static final long RESET_DEVICE = 1L << 13;

  private ProtocolFeature() {}
}
