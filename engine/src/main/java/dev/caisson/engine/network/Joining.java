/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.EngineException.Kind;
import dev.caisson.engine.spec.EndpointSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.view.NetworkView;
import dev.caisson.engine.view.NetworkView.EndpointView;
import dev.caisson.network.Networks;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Containers that join networks and leave them, whether they run or not. */
final class Joining {
  private final Networks networks;
  private final NetworkCatalog catalog;
  private final Members members;
  private final NetworkEvents events;
  private final MemberFinder finder;

  Joining(
      Networks networks,
      NetworkCatalog catalog,
      Members members,
      NetworkEvents events,
      MemberFinder finder) {
    this.networks = networks;
    this.catalog = catalog;
    this.members = members;
    this.events = events;
    this.finder = finder;
  }

  void connect(String reference, String container, EndpointSpec settings) {
    var record = catalog.find(reference);
    var found = finder.member(container);
    var joined = catalog.joined(found.member().spec(), record, settings);
    record.check(settings);
    requireChangeable(found);
    if (found.view().isEmpty()) {
      finder.changed(found.member().id(), joined, Optional.empty());
    } else {
      connect(record, found.member(), settings, joined, found.view().get());
    }
    events.tell("connect", record, found.member().id());
  }

  private void connect(
      NetworkRecord record,
      Fabric.Member member,
      EndpointSpec settings,
      NetworkingSpec joined,
      NetworkView view) {
    if (view.endpoints().containsKey(record.name())) {
      throw new EngineException(
          Kind.FORBIDDEN,
          "endpoint with name " + member.name() + " already exists in network " + record.name());
    }
    NetworkFailures.translated(() -> {
      var endpoint = catalog.endpoint(record, member, settings);
      try {
        networks.connect(member.id(), endpoint, Optional.empty());
      } catch (RuntimeException e) {
        catalog.given().release(record, endpoint);
        throw e;
      }
      var views = new LinkedHashMap<>(view.endpoints());
      views.put(record.name(), catalog.view(record, endpoint, settings));
      changed(member, joined, view, views);
    });
  }

  void disconnect(String reference, String container) {
    var record = catalog.find(reference);
    var found = finder.member(container);
    var left = catalog.left(found.member().spec(), record);
    requireChangeable(found);
    if (found.view().isEmpty()) {
      if (left.equals(found.member().spec())) {
        throw notConnected(container, record);
      }
      finder.changed(found.member().id(), left, Optional.empty());
    } else {
      disconnect(record, found.member(), left, found.view().get());
    }
    events.tell("disconnect", record, found.member().id());
  }

  private void disconnect(
      NetworkRecord record, Fabric.Member member, NetworkingSpec left, NetworkView view) {
    var endpoint = view.endpoints().get(record.name());
    if (endpoint == null) {
      throw notConnected(member.name(), record);
    }
    NetworkFailures.translated(() -> {
      networks.disconnect(member.id(), record.id());
      catalog.given().release(record, catalog.endpoint(endpoint));
      var views = new LinkedHashMap<>(view.endpoints());
      views.remove(record.name());
      changed(member, left, view, views);
    });
  }

  private static void requireChangeable(MemberFinder.Found found) {
    if (found.view().isPresent() && !found.changeable()) {
      var name = found.member().name();
      throw EngineException.unsupported(
          "container %s is a machine, which has the networks it was started with".formatted(name),
          "caisson stop %s, this command again, then caisson start %s".formatted(name, name));
    }
  }

  private static EngineException notConnected(String container, NetworkRecord record) {
    return new EngineException(
        Kind.FORBIDDEN, "container " + container + " is not connected to network " + record.name());
  }

  private void changed(
      Fabric.Member member,
      NetworkingSpec spec,
      NetworkView before,
      Map<String, EndpointView> endpoints) {
    var view = new NetworkView(before.namespacePath(), before.ports(), before.exposed(), endpoints);
    members.put(member, view);
    finder.changed(member.id(), spec, Optional.of(view));
  }
}
