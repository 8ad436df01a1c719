/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network;

import java.net.InetAddress;
import java.util.Locale;
import java.util.Optional;

/**
 * A port of a workload that the host's addresses lead to.
 *
 * @param hostAddress the only address of the host that leads there; empty for all
 * @param hostPort 0 lets the host choose a free one
 * @param hostPortEnd the last of a range to take a free one from; {@code hostPort} for no choice
 */
public record PublishedPort(
    Protocol protocol, Optional<InetAddress> hostAddress, int hostPort, int hostPortEnd, int port) {

  /** What runs on top of IP, as nftables spells it. */
  public enum Protocol {
    TCP,
    UDP,
    SCTP
  }

  public PublishedPort {
    boolean fits = port >= 1 && port <= 0xffff && hostPort >= 0 && hostPort <= hostPortEnd;
    if (!fits || hostPortEnd > 0xffff) {
      throw NetworkException.invalid(
          "port out of range: " + hostPort + " to " + port, "use 1 to 65535");
    }
    if (hostAddress.filter(InetAddress::isAnyLocalAddress).isPresent()) {
      hostAddress = Optional.empty();
    }
  }

  public PublishedPort(
      Protocol protocol, Optional<InetAddress> hostAddress, int hostPort, int port) {
    this(protocol, hostAddress, hostPort, hostPort, port);
  }

  /** The same with its number on the host settled. */
  public PublishedPort at(int chosen) {
    return new PublishedPort(protocol, hostAddress, chosen, port);
  }

  /** The same at every address. */
  public PublishedPort anywhere() {
    return new PublishedPort(protocol, Optional.empty(), hostPort, hostPortEnd, port);
  }

  @Override
  public String toString() {
    return hostAddress.map(a -> a.getHostAddress() + ":").orElse("")
        + hostPort
        + "/"
        + protocol.name().toLowerCase(Locale.ROOT);
  }
}
