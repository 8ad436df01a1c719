/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.forward;

import dev.caisson.network.NetworkException;
import dev.caisson.network.NetworkException.Kind;
import dev.caisson.network.PublishedPort;
import dev.caisson.network.PublishedPort.Protocol;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.channels.DatagramChannel;
import java.nio.channels.NetworkChannel;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Holds the host's ports that lead to workloads: a bound socket per port, never listening, so that
 * no other program takes a port the firewall already redirects, and a port somebody has is noticed.
 */
public final class PortKeeper implements AutoCloseable {
  private static final InetAddress ANY = InetAddress.ofLiteral("0.0.0.0");

  private final Map<String, List<NetworkChannel>> held = new HashMap<>();

  /**
   * Takes all ports for a workload, or none; those asked for as 0 come back with a number.
   *
   * @throws NetworkException IN_USE
   */
  public synchronized List<PublishedPort> hold(String workload, List<PublishedPort> ports) {
    List<NetworkChannel> channels = new ArrayList<>();
    List<PublishedPort> chosen = new ArrayList<>();
    try {
      for (PublishedPort port : ports) {
        chosen.add(hold(port, channels));
      }
    } catch (NetworkException e) {
      channels.forEach(PortKeeper::closeQuietly);
      throw e;
    }
    if (!channels.isEmpty()) {
      held.merge(
          workload,
          channels,
          (before, more) -> {
            before.addAll(more);
            return before;
          });
    }
    return chosen;
  }

  public synchronized void release(String workload) {
    held.getOrDefault(workload, List.of()).forEach(PortKeeper::closeQuietly);
    held.remove(workload);
  }

  @Override
  public synchronized void close() {
    List.copyOf(held.keySet()).forEach(this::release);
  }

  private static PublishedPort hold(PublishedPort port, List<NetworkChannel> channels) {
    if (port.protocol() == Protocol.SCTP) {
      if (port.hostPort() == 0) {
        throw NetworkException.invalid("an SCTP port needs its number on the host", "name it");
      }
      return port; // the JDK has no portable way to bind one
    }
    IOException last = new IOException("no port to try");
    for (int candidate = port.hostPort(); candidate <= port.hostPortEnd(); candidate++) {
      try {
        NetworkChannel channel = open(port);
        channels.add(channel);
        channel.bind(new InetSocketAddress(port.hostAddress().orElse(ANY), candidate));
        return port.at(((InetSocketAddress) channel.getLocalAddress()).getPort());
      } catch (IOException e) {
        last = e;
      }
    }
    throw new NetworkException(
        Kind.IN_USE,
        "port " + port + " cannot be published: " + last.getMessage(),
        "stop what uses it (ss -lntup), or publish another one",
        last);
  }

  private static NetworkChannel open(PublishedPort port) throws IOException {
    boolean six = port.hostAddress().filter(a -> a.getAddress().length == 16).isPresent();
    var family = six ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET;
    return port.protocol() == Protocol.UDP
        ? DatagramChannel.open(family)
        : SocketChannel.open(family);
  }

  private static void closeQuietly(NetworkChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      // The port is free again whatever close answers.
    }
  }
}
