/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.guest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * What a network interface of the guest is to be.
 *
 * @param hardware six bytes, or none to leave it
 * @param mtu bytes, 0 to leave it
 * @param address four or sixteen bytes, or none to only bring the interface up
 * @param prefix bits of the address that name the network
 */
public record InterfaceOrder(String name, byte[] hardware, int mtu, byte[] address, int prefix) {
  private static final int SIZE = 44;

  byte[] encode() {
    ByteBuffer order = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
    order.put(0, Names.fixed(name)).put(16, hardware);
    order.put(22, (byte) (address.length == 16 ? 6 : address.length == 4 ? 4 : 0));
    order.put(23, (byte) prefix).putInt(24, mtu).put(28, address);
    return order.array();
  }
}
