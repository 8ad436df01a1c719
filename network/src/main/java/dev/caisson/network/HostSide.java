/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network;

import dev.caisson.linux.Errno;
import dev.caisson.linux.net.Nftables;
import dev.caisson.linux.net.RouteSocket;
import dev.caisson.linux.nftables.RuleEngine;
import dev.caisson.linux.process.Credentials;
import dev.caisson.linux.process.UserNamespace;
import dev.caisson.network.address.Subnet;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What this host is like before we change anything. */
final class HostSide {
  private static final Path SETTINGS = Path.of("/proc/sys/net/ipv4/ip_forward");

  private HostSide() {}

  /** Why this process cannot make networks; empty if it can. */
  static Optional<Obstacle> unavailable() {
    if (!Credentials.own().isRoot()) {
      return Optional.of(
          new Obstacle(
              "networks need root, or the user namespace of the caisson command",
              "start the engine by the caisson command"));
    }
    // The kernel shows these as writable to whoever administers the network namespace: root of the
    // host, or of the user namespace it was made in.
    if (!UserNamespace.own().initial() && !Files.isWritable(SETTINGS)) {
      return Optional.of(
          new Obstacle(
              "an ordinary user has no networks of their own without the package slirp4netns and a"
                  + " /dev/net/tun they may open",
              "install slirp4netns"));
    }
    return firewall();
  }

  /** What keeps rules from being made. The library ends the process where the kernel has none. */
  private static Optional<Obstacle> firewall() {
    return Nftables.refusal().map(HostSide::refused).or(HostSide::notInstalled);
  }

  private static Obstacle refused(Errno errno) {
    return errno == Errno.EPERM || errno == Errno.EACCES
        ? new Obstacle(
            "the kernel lets us make no firewall rules: " + errno.meaning(),
            "give the engine CAP_NET_ADMIN")
        : new Obstacle(
            "this kernel has no nf_tables: " + errno + ", " + errno.meaning(),
            "modprobe nf_tables, or boot a kernel with it, and restart the engine");
  }

  private static Optional<Obstacle> notInstalled() {
    return RuleEngine.isInstalled()
        ? Optional.empty()
        : Optional.of(new Obstacle("nftables is not installed", "install the package nftables"));
  }

  /** Subnets this host has routes to, which new networks should not overlap. */
  static List<Subnet> subnetsInUse(RouteSocket host) {
    // Gateways of other engines on this host have an address and, without workloads, no route.
    Stream<Subnet> addresses = addresses().map(address -> new Subnet(address, 32));
    Stream<Subnet> routes =
        host.routes().stream()
            .filter(route -> route.prefixLength() > 0)
            .map(route -> new Subnet(route.destination(), route.prefixLength()));
    return Stream.concat(addresses, routes).toList();
  }

  /** The IPv4 addresses of this host. */
  private static Stream<InetAddress> addresses() {
    try {
      return NetworkInterface.networkInterfaces()
          .flatMap(NetworkInterface::inetAddresses)
          .filter(Inet4Address.class::isInstance);
    } catch (SocketException none) {
      return Stream.empty(); // a host without interfaces
    }
  }
}
