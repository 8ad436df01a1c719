/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network;

import dev.caisson.linux.net.MacAddress;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A workload's place in one network.
 *
 * @param network the definition's id
 * @param names what others in this network may call it, compared without case
 */
public record Endpoint(
    String network,
    InetAddress ipv4,
    Optional<InetAddress> ipv6,
    MacAddress mac,
    List<String> names) {
  public Endpoint {
    names = names.stream().map(name -> name.toLowerCase(Locale.ROOT)).distinct().toList();
    if (ipv4 instanceof Inet6Address
        || ipv6.filter(a -> !(a instanceof Inet6Address)).isPresent()) {
      throw NetworkException.invalid("endpoint mixes IPv4 and IPv6", "");
    }
  }

  /** The hardware address Docker derives from an IPv4 address: unique wherever the address is. */
  public static MacAddress macOf(InetAddress ipv4) {
    long bits = 0x0242L;
    for (byte part : ipv4.getAddress()) {
      bits = bits << 8 | (part & 0xff);
    }
    return new MacAddress(bits);
  }
}
