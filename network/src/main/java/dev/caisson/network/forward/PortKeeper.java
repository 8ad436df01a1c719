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
import java.util.Optional;

/**
 * Holds the host's ports that lead to workloads: a bound socket per port, never listening, so that
 * no other program takes a port the firewall already redirects, and a port somebody has is noticed.
 */
public final class PortKeeper implements AutoCloseable {
  private static final InetAddress ANY = InetAddress.ofLiteral("0.0.0.0");

  private final Map<String, List<NetworkChannel>> held = new HashMap<>();
  private final Map<String, List<PublishedPort>> relayed = new HashMap<>();
  private final Optional<SlirpRelay> relay;

  /**
   * @param relay brings the host's ports to this network namespace, unless it is the host's own
   */
  public PortKeeper(Optional<SlirpRelay> relay) {
    this.relay = relay;
  }

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
      relay.ifPresent(outside -> chosen.forEach(outside::close));
      throw e;
    }
    if (relay.isPresent()) {
      relayed.computeIfAbsent(workload, name -> new ArrayList<>()).addAll(chosen);
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

  /** Gives up what a relay still has open for workloads other than those with these ports. */
  public void retain(List<PublishedPort> ports) {
    relay.ifPresent(outside -> outside.retain(ports));
  }

  public synchronized void release(String workload) {
    held.getOrDefault(workload, List.of()).forEach(PortKeeper::closeQuietly);
    held.remove(workload);
    List<PublishedPort> outside = relayed.getOrDefault(workload, List.of());
    relay.ifPresent(open -> outside.forEach(open::close));
    relayed.remove(workload);
  }

  /** Lets go of the sockets. What a relay opened stays: workloads outlive this process. */
  @Override
  public synchronized void close() {
    held.values().forEach(channels -> channels.forEach(PortKeeper::closeQuietly));
    held.clear();
  }

  private PublishedPort hold(PublishedPort port, List<NetworkChannel> channels) {
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
        InetAddress address = relay.isPresent() ? ANY : port.hostAddress().orElse(ANY);
        channel.bind(new InetSocketAddress(address, candidate));
        PublishedPort taken = port.at(((InetSocketAddress) channel.getLocalAddress()).getPort());
        if (relay.isPresent()) {
          relay.get().open(taken);
        }
        return taken;
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

  private NetworkChannel open(PublishedPort port) throws IOException {
    boolean six =
        relay.isEmpty() && port.hostAddress().filter(a -> a.getAddress().length == 16).isPresent();
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
