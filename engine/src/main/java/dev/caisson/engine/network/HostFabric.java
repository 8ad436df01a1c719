/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.EngineException.Kind;
import dev.caisson.engine.EngineOptions;
import dev.caisson.engine.Filters;
import dev.caisson.engine.event.EventLog;
import dev.caisson.engine.spec.EndpointSpec;
import dev.caisson.engine.spec.NetworkSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.state.Store;
import dev.caisson.engine.view.NetworkInfo;
import dev.caisson.engine.view.NetworkView;
import dev.caisson.engine.view.NetworkView.EndpointView;
import dev.caisson.engine.view.PruneReport;
import dev.caisson.network.Attached;
import dev.caisson.network.Attachment;
import dev.caisson.network.Endpoint;
import dev.caisson.network.NetworkException;
import dev.caisson.network.NetworkOptions;
import dev.caisson.network.Networks;
import dev.caisson.sandbox.workload.NetworkAttachment;
import java.nio.file.Files;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** Networks of this host: what the engine's containers ask for, done by {@link Networks}. */
public final class HostFabric implements Fabric {
  private final Networks networks;
  private final NetworkCatalog catalog;
  private final EventLog events;
  private final MemberFinder finder;
  private final Map<String, Connected> members = new ConcurrentHashMap<>();

  /** A container that is attached now, and how it sees its networks. */
  private record Connected(String name, NetworkView view) {}

  private HostFabric(
      Networks networks, NetworkCatalog catalog, EventLog events, MemberFinder finder) {
    this.networks = networks;
    this.catalog = catalog;
    this.events = events;
    this.finder = finder;
  }

  /** Opens the networks of this host, or none with a reason where it has none for this user. */
  public static Fabric open(
      EngineOptions options, Store store, EventLog events, Clock clock, MemberFinder finder) {
    var missing = Networks.unavailable();
    if (missing.isPresent()) {
      return new ClosedFabric(missing.get());
    }
    var relay = Optional.of(options.run().resolve("slirp.sock")).filter(Files::exists);
    var networks =
        Networks.open(NetworkOptions.of(tag(options)).withRelay(relay), new StoredJournal(store));
    return new HostFabric(
        networks, new NetworkCatalog(store, clock, networks::subnetsInUse), events, finder);
  }

  /** Engines with other run directories on this host must not take ours for leftovers of theirs. */
  private static String tag(EngineOptions options) {
    var run = options.run().toString();
    if (run.equals("/run/caisson")) {
      return "0";
    }
    var digits = Integer.toString(run.hashCode() & 0x7fff_ffff, 36);
    return digits.substring(Math.max(0, digits.length() - 4));
  }

  @Override
  public void check(NetworkingSpec spec) {
    for (var name : catalog.namesIn(spec)) {
      var record = catalog.find(name);
      check(record, catalog.settings(spec, record));
    }
  }

  private static void check(NetworkRecord record, EndpointSpec settings) {
    settings
        .ipv4Address()
        .ifPresent(address -> {
          var subnet = record.definition().ipv4().subnet();
          if (!subnet.contains(Addresses.parse(address))) {
            throw EngineException.invalid(
                "address " + address + " is not in network " + record.name(),
                "choose one of " + subnet);
          }
        });
  }

  @Override
  public Link attach(Member member) {
    return translated(() -> {
      var endpoints = new LinkedHashMap<NetworkRecord, Endpoint>();
      try {
        for (var name : catalog.namesIn(member.spec())) {
          var record = catalog.find(name);
          endpoints.put(record, catalog.endpoint(record, member));
        }
        var wanted =
            new Attachment(
                member.id(),
                List.copyOf(endpoints.values()),
                PublishedPorts.of(member.spec(), member.exposed()));
        return linked(member, endpoints, networks.attach(wanted));
      } catch (RuntimeException e) {
        endpoints.forEach(catalog::release);
        throw e;
      }
    });
  }

  private Link linked(Member member, Map<NetworkRecord, Endpoint> endpoints, Attached attached) {
    var views = new LinkedHashMap<String, EndpointView>();
    var hosts = new ArrayList<String>();
    endpoints.forEach((record, endpoint) -> {
      views.put(record.name(), catalog.view(record, endpoint, member.spec()));
      hosts.add(endpoint.ipv4().getHostAddress() + "\t" + member.hostname() + " " + member.name());
      tell("connect", record, member.id());
    });
    var view =
        new NetworkView(
            Optional.of(attached.namespace().toString()),
            attached.ports().stream().map(PublishedPorts::binding).toList(),
            member.exposed(),
            views);
    members.put(member.id(), new Connected(member.name(), view));
    var first = endpoints.keySet().iterator().next().definition();
    return new Link(
        new NetworkAttachment.Prepared(attached.namespace()),
        view,
        List.of(first.ipv4().gateway().getHostAddress()),
        List.of(),
        hosts);
  }

  @Override
  public void detach(Member member, NetworkView former) {
    networks.detach(member.id());
    members.remove(member.id());
    former
        .endpoints()
        .forEach((name, view) ->
            catalog
                .byId(view.networkId())
                .ifPresent(record -> {
                  catalog.release(record, catalog.endpoint(view));
                  tell("disconnect", record, member.id());
                }));
  }

  @Override
  public void adopt(Member member, NetworkView current) {
    for (var view : current.endpoints().values()) {
      catalog
          .byId(view.networkId())
          .ifPresent(record -> catalog.claim(record, catalog.endpoint(view)));
    }
    members.put(member.id(), new Connected(member.name(), current));
  }

  @Override
  public void sweep() {
    var running = new ArrayList<Attachment>();
    members.forEach((id, connected) -> {
      var endpoints =
          connected.view().endpoints().values().stream()
              .filter(view -> catalog.byId(view.networkId()).isPresent())
              .map(catalog::endpoint)
              .toList();
      var ports = connected.view().ports().stream().map(PublishedPorts::published).toList();
      running.add(new Attachment(id, endpoints, ports));
    });
    translated(() -> {
      networks.reconcile(catalog.all().stream().map(NetworkRecord::definition).toList(), running);
      return true;
    });
  }

  @Override
  public String create(NetworkSpec spec) {
    return translated(() -> {
      var record = catalog.create(spec);
      try {
        networks.add(record.definition());
      } catch (RuntimeException e) {
        catalog.remove(record);
        throw e;
      }
      tell("create", record, "");
      return record.id();
    });
  }

  @Override
  public NetworkInfo inspect(String reference) {
    return info(catalog.find(reference));
  }

  @Override
  public List<NetworkInfo> list(Filters filters) {
    filters.requireKnown(
        Set.of("dangling", "driver", "id", "label", "label!", "name", "scope", "type"));
    return catalog.all().stream()
        .filter(record -> filters.accepts("name", record.name()::contains))
        .filter(record -> filters.accepts("id", record.id()::startsWith))
        .filter(record -> filters.accepts("driver", "bridge"::equals))
        .filter(record -> filters.accepts("scope", "local"::equals))
        .filter(record ->
            filters.accepts("type", type -> type.equals("builtin") == catalog.isBuiltIn(record)))
        .filter(record ->
            filters.accepts(
                "dangling",
                wanted ->
                    List.of("1", "true").contains(wanted)
                        == (users(record).isEmpty() && !catalog.isBuiltIn(record))))
        .filter(record -> filters.acceptsLabels(record.labels()))
        .map(this::info)
        .toList();
  }

  @Override
  public void connect(String reference, String container, EndpointSpec settings) {
    var record = catalog.find(reference);
    var found = finder.member(container);
    var joined = catalog.joined(found.member().spec(), record, settings);
    check(record, settings);
    if (found.view().isEmpty()) {
      finder.changed(found.member().id(), joined, Optional.empty());
    } else {
      connect(record, found.member(), settings, joined, found.view().get());
    }
    tell("connect", record, found.member().id());
  }

  private void connect(
      NetworkRecord record,
      Member member,
      EndpointSpec settings,
      NetworkingSpec joined,
      NetworkView view) {
    if (view.endpoints().containsKey(record.name())) {
      throw new EngineException(
          Kind.FORBIDDEN,
          "endpoint with name " + member.name() + " already exists in network " + record.name());
    }
    translated(() -> {
      var endpoint = catalog.endpoint(record, member, settings);
      try {
        networks.connect(member.id(), endpoint, Optional.empty());
      } catch (RuntimeException e) {
        catalog.release(record, endpoint);
        throw e;
      }
      var views = new LinkedHashMap<>(view.endpoints());
      views.put(record.name(), catalog.view(record, endpoint, settings));
      changed(member, joined, view, views);
      return true;
    });
  }

  @Override
  public void disconnect(String reference, String container, boolean force) {
    var record = catalog.find(reference);
    var found = finder.member(container);
    var left = catalog.left(found.member().spec(), record);
    if (found.view().isEmpty()) {
      if (left.equals(found.member().spec())) {
        throw notConnected(container, record);
      }
      finder.changed(found.member().id(), left, Optional.empty());
    } else {
      disconnect(record, found.member(), left, found.view().get());
    }
    tell("disconnect", record, found.member().id());
  }

  private void disconnect(
      NetworkRecord record, Member member, NetworkingSpec left, NetworkView view) {
    var endpoint = view.endpoints().get(record.name());
    if (endpoint == null) {
      throw notConnected(member.name(), record);
    }
    translated(() -> {
      networks.disconnect(member.id(), record.id());
      catalog.release(record, catalog.endpoint(endpoint));
      var views = new LinkedHashMap<>(view.endpoints());
      views.remove(record.name());
      changed(member, left, view, views);
      return true;
    });
  }

  private static EngineException notConnected(String container, NetworkRecord record) {
    return new EngineException(
        Kind.FORBIDDEN, "container " + container + " is not connected to network " + record.name());
  }

  private void changed(
      Member member, NetworkingSpec spec, NetworkView before, Map<String, EndpointView> endpoints) {
    var view = new NetworkView(before.namespacePath(), before.ports(), before.exposed(), endpoints);
    members.put(member.id(), new Connected(member.name(), view));
    finder.changed(member.id(), spec, Optional.of(view));
  }

  @Override
  public void remove(String reference) {
    var record = catalog.find(reference);
    if (catalog.isBuiltIn(record)) {
      throw new EngineException(
          Kind.FORBIDDEN, record.name() + " is a pre-defined network and cannot be removed");
    }
    var users = users(record);
    if (!users.isEmpty()) {
      throw EngineException.conflict(
          "network "
              + record.name()
              + " has active endpoints: "
              + users.values().stream().map(NetworkInfo.Member::name).toList(),
          "stop or disconnect them first");
    }
    translated(() -> {
      networks.remove(record.definition());
      catalog.remove(record);
      tell("destroy", record, "");
      return true;
    });
  }

  @Override
  public PruneReport prune(Filters filters) {
    filters.requireKnown(Set.of("label", "label!", "until"));
    var limit = catalog.limit(filters);
    var removed = new ArrayList<String>();
    for (var record : catalog.all()) {
      if (!catalog.isBuiltIn(record)
          && limit.accepts(record.created())
          && users(record).isEmpty()
          && filters.acceptsLabels(record.labels())) {
        remove(record.id());
        removed.add(record.name());
      }
    }
    events.publish("network", "prune", "", Map.of("reclaimed", "0"));
    return new PruneReport(removed, 0);
  }

  /** With no container left, the host is given back as it was found. */
  @Override
  public void close() {
    if (members.isEmpty()) {
      catalog.all().forEach(record -> networks.remove(record.definition()));
    }
    networks.close();
  }

  private NetworkInfo info(NetworkRecord record) {
    return record.info(users(record));
  }

  private Map<String, NetworkInfo.Member> users(NetworkRecord record) {
    var users = new LinkedHashMap<String, NetworkInfo.Member>();
    members.forEach((id, connected) -> {
      var view = connected.view().endpoints().get(record.name());
      if (view != null) {
        users.put(
            id,
            new NetworkInfo.Member(
                connected.name(),
                view.endpointId(),
                view.macAddress(),
                view.ipv4Address() + "/" + view.ipv4PrefixLength(),
                view.ipv6Address().isEmpty()
                    ? ""
                    : view.ipv6Address() + "/" + view.ipv6PrefixLength()));
      }
    });
    return users;
  }

  private void tell(String action, NetworkRecord record, String container) {
    var attributes = new LinkedHashMap<String, String>();
    attributes.put("name", record.name());
    attributes.put("type", "bridge");
    if (!container.isEmpty()) {
      attributes.put("container", container);
    }
    events.publish("network", action, record.id(), attributes);
  }

  private static <T> T translated(Supplier<T> work) {
    try {
      return work.get();
    } catch (NetworkException e) {
      var kind =
          switch (e.kind()) {
            case INVALID -> Kind.INVALID;
            case IN_USE -> Kind.CONFLICT;
            case EXHAUSTED, UNAVAILABLE -> Kind.UNAVAILABLE;
            case NOT_FOUND -> Kind.NOT_FOUND;
          };
      throw new EngineException(kind, String.valueOf(e.getMessage()), e.remedy(), e);
    }
  }
}
