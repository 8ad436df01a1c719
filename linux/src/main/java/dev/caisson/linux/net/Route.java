/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

import java.net.InetAddress;
import java.util.Optional;

/**
 * A route of the main table.
 *
 * @param index the interface packets leave by
 * @param gateway next hop, reachable directly whatever the addresses say; empty if the destination
 *     is
 * @param source address our own packets carry on it
 */
public record Route(
    InetAddress destination,
    int prefixLength,
    int index,
    Optional<InetAddress> gateway,
    Optional<InetAddress> source) {

  public Route {
    if (prefixLength < 0 || prefixLength > destination.getAddress().length * 8) {
      throw new IllegalArgumentException("prefix length out of range: " + prefixLength);
    }
  }

  /** To one address, which is right behind the interface. */
  public static Route direct(InetAddress destination, int index) {
    int bits = destination.getAddress().length * 8;
    return new Route(destination, bits, index, Optional.empty(), Optional.empty());
  }

  /** To everywhere. */
  public static Route defaultVia(InetAddress gateway, int index) {
    InetAddress any = InetAddress.ofLiteral(gateway.getAddress().length == 4 ? "0.0.0.0" : "::");
    return new Route(any, 0, index, Optional.of(gateway), Optional.empty());
  }

  /** The same through another interface. */
  public Route over(int otherIndex) {
    return new Route(destination, prefixLength, otherIndex, gateway, source);
  }

  /** The same for packets that leave with {@code address} as their source, unless they have one. */
  public Route from(InetAddress address) {
    return new Route(destination, prefixLength, index, gateway, Optional.of(address));
  }

  @Override
  public String toString() {
    return destination.getHostAddress()
        + "/"
        + prefixLength
        + gateway.map(g -> " via " + g.getHostAddress()).orElse("")
        + " dev "
        + index;
  }
}
