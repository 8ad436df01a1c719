/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.PortBinding;
import dev.caisson.engine.spec.PortSpec;
import dev.caisson.network.PublishedPort;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Ports between the engine's words and those of networks. */
final class PublishedPorts {
  private PublishedPorts() {}

  /** What a specification publishes, with all exposed ports if it says so. */
  static List<PublishedPort> of(NetworkingSpec spec, Set<PortSpec> exposed) {
    var ports = new ArrayList<PublishedPort>();
    spec.published().forEach(binding -> ports.add(published(binding)));
    if (spec.publishAll()) {
      exposed.stream()
          .sorted()
          .filter(port -> spec.published().stream().noneMatch(b -> b.port().equals(port)))
          .forEach(port -> ports.add(published(new PortBinding(port, "", 0))));
    }
    return ports;
  }

  static PublishedPort published(PortBinding binding) {
    Optional<InetAddress> address =
        binding.hostAddress().isEmpty()
            ? Optional.empty()
            : Optional.of(Addresses.parse(binding.hostAddress()));
    return new PublishedPort(
        PublishedPort.Protocol.valueOf(binding.port().protocol().name()),
        address,
        binding.hostPort(),
        Math.max(binding.hostPort(), binding.hostPortEnd()),
        binding.port().number());
  }

  static PortBinding binding(PublishedPort port) {
    return new PortBinding(
        new PortSpec(port.port(), PortSpec.Protocol.valueOf(port.protocol().name())),
        port.hostAddress().map(InetAddress::getHostAddress).orElse(""),
        port.hostPort());
  }
}
