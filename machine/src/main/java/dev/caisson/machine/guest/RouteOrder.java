/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.guest;

import java.nio.ByteBuffer;

/**
 * A route of the guest.
 *
 * @param destination four or sixteen bytes
 * @param gateway as long as the destination, or empty for what is on the link
 */
public record RouteOrder(String name, byte[] destination, int prefix, byte[] gateway) {
  private static final int SIZE = 52;

  byte[] encode() {
    ByteBuffer order = ByteBuffer.allocate(SIZE);
    order.put(0, Names.fixed(name)).put(16, (byte) (destination.length == 16 ? 6 : 4));
    order.put(17, (byte) prefix).put(20, destination).put(36, gateway);
    return order.array();
  }
}
