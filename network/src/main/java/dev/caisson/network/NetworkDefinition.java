/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network;

import dev.caisson.network.address.Subnet;
import java.net.InetAddress;
import java.util.Optional;

/**
 * A network, as the engine keeps it.
 *
 * @param number 1 to 65,535, unique among the engine's networks; firewall rules know it by this
 * @param ipv4 its addresses; {@code ipv6} further ones
 * @param internal nothing but its own members is reachable from it
 * @param together whether members reach each other
 * @param masquerade whether members appear outside with the host's address
 * @param mtu bytes, 68 to 65,535
 */
public record NetworkDefinition(
    String id,
    String name,
    int number,
    Range ipv4,
    Optional<Range> ipv6,
    boolean internal,
    boolean together,
    boolean masquerade,
    int mtu) {

  /** A subnet and the address in it that is the host's. */
  public record Range(Subnet subnet, InetAddress gateway) {
    public Range {
      if (!subnet.contains(gateway)) {
        throw NetworkException.invalid(
            "gateway " + gateway.getHostAddress() + " is not inside " + subnet, "");
      }
    }

    /** With the first address as gateway. */
    public static Range of(Subnet subnet) {
      return new Range(subnet, subnet.at(1));
    }
  }

  public NetworkDefinition {
    if (number < 1 || number > 0xffff) {
      throw NetworkException.invalid(
          "network number " + number + " out of range", "use 1 to 65535");
    }
    if (mtu < 68 || mtu > 0xffff) {
      throw NetworkException.invalid("MTU " + mtu + " out of range", "use 68 to 65535");
    }
    if (ipv4.subnet().isIpv6() || ipv6.filter(range -> !range.subnet().isIpv6()).isPresent()) {
      throw NetworkException.invalid("network " + name + " mixes IPv4 and IPv6", "");
    }
  }

  /** An ordinary network: members reach each other and, masqueraded, the world. */
  public static NetworkDefinition of(String id, String name, int number, Subnet subnet) {
    return new NetworkDefinition(
        id, name, number, Range.of(subnet), Optional.empty(), false, true, true, 1500);
  }

  /** The same without a way out of this host. */
  public NetworkDefinition asInternal() {
    return new NetworkDefinition(id, name, number, ipv4, ipv6, true, together, masquerade, mtu);
  }

  /** The same with addresses of IPv6 too. */
  public NetworkDefinition withIpv6(Range range) {
    return new NetworkDefinition(
        id, name, number, ipv4, Optional.of(range), internal, together, masquerade, mtu);
  }
}
