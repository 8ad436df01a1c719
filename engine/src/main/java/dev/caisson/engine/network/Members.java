/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.view.NetworkInfo;
import dev.caisson.engine.view.NetworkView;
import dev.caisson.engine.view.NetworkView.EndpointView;
import dev.caisson.network.Attachment;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The containers that are attached now, and how each sees its networks. */
final class Members {
  private final Map<String, Connected> byId = new ConcurrentHashMap<>();

  private record Connected(String name, NetworkView view) {}

  void put(Fabric.Member member, NetworkView view) {
    byId.put(member.id(), new Connected(member.name(), view));
  }

  void remove(Fabric.Member member) {
    byId.remove(member.id());
  }

  boolean isEmpty() {
    return byId.isEmpty();
  }

  /** Those of one network by id, as they are shown. */
  Map<String, NetworkInfo.Member> of(NetworkRecord record) {
    var users = new LinkedHashMap<String, NetworkInfo.Member>();
    byId.forEach((id, connected) -> {
      var view = connected.view().endpoints().get(record.name());
      if (view != null) {
        users.put(id, shown(connected.name(), view));
      }
    });
    return users;
  }

  private static NetworkInfo.Member shown(String name, EndpointView view) {
    return new NetworkInfo.Member(
        name,
        view.endpointId(),
        view.macAddress(),
        view.ipv4Address() + "/" + view.ipv4PrefixLength(),
        view.ipv6Address().isEmpty() ? "" : view.ipv6Address() + "/" + view.ipv6PrefixLength());
  }

  /** What the host must have for all of them, as far as their networks still exist. */
  List<Attachment> attachments(NetworkCatalog catalog) {
    var running = new ArrayList<Attachment>();
    byId.forEach((id, connected) -> {
      var endpoints =
          connected.view().endpoints().values().stream()
              .filter(view -> catalog.byId(view.networkId()).isPresent())
              .map(catalog::endpoint)
              .toList();
      var ports = connected.view().ports().stream().map(PublishedPorts::published).toList();
      running.add(new Attachment(id, endpoints, ports));
    });
    return running;
  }
}
