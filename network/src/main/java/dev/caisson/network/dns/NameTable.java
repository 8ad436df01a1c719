/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.dns;

import dev.caisson.network.Attachment;
import dev.caisson.network.Endpoint;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Who is called what in which network. A workload sees the names of its own networks only; who asks
 * is told by the sender's address, which the firewall has checked.
 */
public final class NameTable {
  public NameTable() {}

  private record Key(String network, String name) {}

  private final Map<Key, List<Endpoint>> byName = new ConcurrentHashMap<>();
  private final Map<InetAddress, Endpoint> byAddress = new ConcurrentHashMap<>();
  private final Map<InetAddress, String> owners = new ConcurrentHashMap<>();
  private final Map<String, List<Endpoint>> endpoints = new ConcurrentHashMap<>();

  /** Makes a workload known, in place of what was known of it. */
  public synchronized void put(Attachment attachment) {
    remove(attachment.workload());
    endpoints.put(attachment.workload(), attachment.endpoints());
    for (Endpoint endpoint : attachment.endpoints()) {
      addresses(endpoint)
          .forEach(address -> {
            byAddress.put(address, endpoint);
            owners.put(address, attachment.workload());
          });
      for (String name : endpoint.names()) {
        byName.merge(new Key(endpoint.network(), name), List.of(endpoint), NameTable::joined);
      }
    }
  }

  public synchronized void remove(String workload) {
    for (Endpoint endpoint : endpoints.getOrDefault(workload, List.of())) {
      addresses(endpoint)
          .forEach(address -> {
            byAddress.remove(address);
            owners.remove(address);
          });
      for (String name : endpoint.names()) {
        byName.computeIfPresent(
            new Key(endpoint.network(), name), (key, all) -> without(all, endpoint));
      }
    }
    endpoints.remove(workload);
  }

  /** The networks of whoever has this address, in order; none for a stranger. */
  List<String> networksOf(InetAddress asker) {
    return Optional.ofNullable(owners.get(asker))
        .map(owner -> endpoints.getOrDefault(owner, List.of()))
        .orElse(List.of())
        .stream()
        .map(Endpoint::network)
        .toList();
  }

  /** Who has a name in one of these networks; the first network that knows it decides. */
  List<Endpoint> find(List<String> networks, String name) {
    for (String network : networks) {
      List<Endpoint> found = byName.get(new Key(network, name));
      if (found != null) {
        return found;
      }
    }
    return List.of();
  }

  /** The first name of an address in one of these networks. */
  Optional<String> nameOf(List<String> networks, InetAddress address) {
    return Optional.ofNullable(byAddress.get(address))
        .filter(endpoint -> networks.contains(endpoint.network()))
        .flatMap(endpoint -> endpoint.names().stream().findFirst());
  }

  /** The address in a name such as {@code 2.0.17.172.in-addr.arpa}. */
  static Optional<InetAddress> reversed(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    boolean four = lower.endsWith(".in-addr.arpa");
    if (!four && !lower.endsWith(".ip6.arpa")) {
      return Optional.empty();
    }
    List<String> labels = List.of(lower.split("\\."));
    List<String> digits = labels.subList(0, labels.size() - 2).reversed();
    StringBuilder literal = new StringBuilder();
    for (int i = 0; i < digits.size(); i++) {
      boolean separate = i > 0 && (four || i % 4 == 0);
      literal.append(separate ? (four ? "." : ":") : "").append(digits.get(i));
    }
    if (digits.size() != (four ? 4 : 32)) {
      return Optional.empty();
    }
    try {
      return Optional.of(InetAddress.ofLiteral(literal.toString()));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private static Stream<InetAddress> addresses(Endpoint endpoint) {
    return Stream.concat(Stream.of(endpoint.ipv4()), endpoint.ipv6().stream());
  }

  private static List<Endpoint> joined(List<Endpoint> before, List<Endpoint> more) {
    List<Endpoint> all = new ArrayList<>(before);
    all.addAll(more);
    return List.copyOf(all);
  }

  @SuppressWarnings("NullAway") // null takes the key out of the map
  private static List<Endpoint> without(List<Endpoint> all, Endpoint one) {
    List<Endpoint> rest = all.stream().filter(endpoint -> !endpoint.equals(one)).toList();
    return rest.isEmpty() ? null : rest;
  }
}
