/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

import java.time.Duration;

/**
 * What strangers may cost a server.
 *
 * @param handshake from a connection's start to its first request; after that it is closed
 * @param handshakes connections still shaking hands at once; more wait in the kernel's queue
 * @param connections connections in use at once, over all exports
 * @param inFlightBytes bytes of requests of one connection being worked on, in memory at once
 * @param goodbye how long {@link NbdServer#close} waits for requests under way
 */
public record NbdLimits(
    Duration handshake, int handshakes, int connections, int inFlightBytes, Duration goodbye) {
  /** QEMU's ten seconds and hundred strangers, 256 users, 64 MiB each in flight. */
  public static final NbdLimits DEFAULT =
      new NbdLimits(Duration.ofSeconds(10), 100, 256, 64 << 20, Duration.ofSeconds(10));

  /** Data of one option; the longest honest one lists queries of 4 KiB each. */
  static final int OPTION_BYTES = 64 << 10;

  /** Options before a connection is used; an honest client needs about ten. */
  public static final int OPTIONS = 1000;

  /** Payload of one request, as every client may assume. */
  static final int PAYLOAD = 32 << 20;

  /** Checks ranges. */
  public NbdLimits {
    if (handshakes < 1 || connections < 1 || inFlightBytes < 1 << 20) {
      throw new IllegalArgumentException("at least 1 handshake, 1 connection and 1 MiB in flight");
    }
  }

  /** The same with another time for the handshake. */
  public NbdLimits withHandshake(Duration time) {
    return new NbdLimits(time, handshakes, connections, inFlightBytes, goodbye);
  }
}
