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
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.nftables.RuleException;
import dev.caisson.network.Attached;
import dev.caisson.network.Attachment;
import dev.caisson.network.Endpoint;
import dev.caisson.network.NetworkException;
import dev.caisson.network.NetworkOptions;
import dev.caisson.network.Networks;
import dev.caisson.network.Obstacle;
import dev.caisson.sandbox.workload.NetworkAttachment;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.nio.file.Files;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/** Networks of this host: what the engine's containers ask for, done by {@link Networks}. */
public final class HostFabric implements Fabric {
  private static final Logger LOG = System.getLogger(HostFabric.class.getName());

  private final Networks networks;
  private final NetworkCatalog catalog;
  private final NetworkEvents events;
  private final Members members = new Members();
  private final Joining joining;
  private volatile Optional<Obstacle> closed = Optional.empty();

  private HostFabric(Networks networks, NetworkCatalog catalog, EventLog log, MemberFinder finder) {
    this.networks = networks;
    this.catalog = catalog;
    this.events = new NetworkEvents(log);
    this.joining = new Joining(networks, catalog, members, events, finder);
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
  public Optional<Obstacle> closed() {
    return closed;
  }

  private void requireOpen() {
    closed.ifPresent(obstacle -> {
      throw ClosedFabric.refusal(obstacle);
    });
  }

  @Override
  public void check(NetworkingSpec spec) {
    requireOpen();
    for (var name : catalog.namesIn(spec)) {
      var record = catalog.find(name);
      record.check(catalog.settings(spec, record));
    }
  }

  @Override
  public Link attach(Member member) {
    requireOpen();
    return NetworkFailures.translated(() -> {
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
        endpoints.forEach(catalog.given()::release);
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
      events.tell("connect", record, member.id());
    });
    var view =
        new NetworkView(
            Optional.of(attached.namespace().toString()),
            attached.ports().stream().map(PublishedPorts::binding).toList(),
            member.exposed(),
            views);
    members.put(member, view);
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
    if (closed.isEmpty()) {
      networks.detach(member.id());
    }
    members.remove(member);
    former
        .endpoints()
        .forEach((name, view) ->
            catalog
                .byId(view.networkId())
                .ifPresent(record -> {
                  catalog.given().release(record, catalog.endpoint(view));
                  events.tell("disconnect", record, member.id());
                }));
  }

  @Override
  public void adopt(Member member, NetworkView current) {
    for (var view : current.endpoints().values()) {
      catalog
          .byId(view.networkId())
          .ifPresent(record -> catalog.given().claim(record, catalog.endpoint(view)));
    }
    members.put(member, current);
  }

  /**
   * A kernel may have nf_tables and not all that our rules are made of, or no interfaces of our
   * kind. What needs no network goes on without.
   */
  @Override
  public void sweep() {
    try {
      networks.reconcile(
          catalog.all().stream().map(NetworkRecord::definition).toList(),
          members.attachments(catalog));
    } catch (NetworkException | RuleException | LinuxException e) {
      LOG.log(Level.WARNING, "there are no networks until the engine is started again", e);
      var remedy =
          e instanceof NetworkException told
              ? told.remedy()
              : "load the kernel's modules for nftables (fib, nat, masq, ct) and veth, and restart"
                  + " the engine";
      closed = Optional.of(new Obstacle(String.valueOf(e.getMessage()), remedy));
    }
  }

  @Override
  public String create(NetworkSpec spec) {
    requireOpen();
    return NetworkFailures.translated(() -> {
      var record = catalog.create(spec);
      try {
        networks.add(record.definition());
      } catch (RuntimeException e) {
        catalog.remove(record);
        throw e;
      }
      events.tell("create", record, "");
      return record.id();
    });
  }

  @Override
  public NetworkInfo inspect(String reference) {
    return ModeNetworks.find(reference).orElseGet(() -> info(catalog.find(reference)));
  }

  @Override
  public List<NetworkInfo> list(Filters filters) {
    var filter = new NetworkFilter(filters);
    var ours =
        catalog.all().stream()
            .filter(record ->
                filter.accepts(record, catalog.isBuiltIn(record), !members.of(record).isEmpty()))
            .map(this::info);
    return Stream.concat(ours, ModeNetworks.accepted(filter)).toList();
  }

  @Override
  public void connect(String reference, String container, EndpointSpec settings) {
    requireOpen();
    joining.connect(reference, container, settings);
  }

  @Override
  public void disconnect(String reference, String container, boolean force) {
    requireOpen();
    joining.disconnect(reference, container);
  }

  @Override
  public void remove(String reference) {
    ModeNetworks.find(reference).ifPresent(mode -> refuseRemoval(mode.name()));
    var record = catalog.find(reference);
    if (catalog.isBuiltIn(record)) {
      refuseRemoval(record.name());
    }
    var users = members.of(record);
    if (!users.isEmpty()) {
      throw EngineException.conflict(
          "network "
              + record.name()
              + " has active endpoints: "
              + users.values().stream().map(NetworkInfo.Member::name).toList(),
          "stop or disconnect them first");
    }
    NetworkFailures.translated(() -> {
      if (closed.isEmpty()) {
        networks.remove(record.definition());
      }
      catalog.remove(record);
      events.tell("destroy", record, "");
    });
  }

  private static void refuseRemoval(String name) {
    throw new EngineException(
        Kind.FORBIDDEN, name + " is a pre-defined network and cannot be removed");
  }

  @Override
  public PruneReport prune(Filters filters) {
    filters.requireKnown(Set.of("label", "label!", "until"));
    var limit = catalog.limit(filters);
    var removed = new ArrayList<String>();
    for (var record : catalog.all()) {
      if (!catalog.isBuiltIn(record)
          && limit.accepts(record.created())
          && members.of(record).isEmpty()
          && filters.acceptsLabels(record.labels())) {
        remove(record.id());
        removed.add(record.name());
      }
    }
    events.pruned();
    return new PruneReport(removed, 0);
  }

  /** With no container left, the host is given back as it was found. */
  @Override
  public void close() {
    if (members.isEmpty() && closed.isEmpty()) {
      catalog.all().forEach(record -> networks.remove(record.definition()));
    }
    networks.close();
  }

  private NetworkInfo info(NetworkRecord record) {
    return record.info(members.of(record));
  }
}
