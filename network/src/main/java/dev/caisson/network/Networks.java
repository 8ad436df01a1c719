/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.net.Link;
import dev.caisson.linux.net.RouteBatch;
import dev.caisson.linux.net.RouteSocket;
import dev.caisson.linux.net.SetSocket;
import dev.caisson.linux.nftables.RuleEngine;
import dev.caisson.network.NetworkException.Kind;
import dev.caisson.network.address.Subnet;
import dev.caisson.network.dns.NameTable;
import dev.caisson.network.dns.Resolver;
import dev.caisson.network.dns.Upstream;
import dev.caisson.network.forward.Forwarding;
import dev.caisson.network.forward.PortElements;
import dev.caisson.network.forward.PortKeeper;
import dev.caisson.network.forward.Ruleset;
import dev.caisson.network.forward.SlirpRelay;
import dev.caisson.network.link.LinkNames;
import dev.caisson.network.link.NamespaceLink;
import dev.caisson.network.link.NamespacePool;
import dev.caisson.network.link.Partings;
import dev.caisson.network.link.Wiring;
import dev.caisson.network.link.WorkloadNamespace;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The networks of one engine on this host: makes them, attaches workloads, and cleans up behind an
 * engine that was killed. What exists is the caller's to remember; this keeps the host in step with
 * it.
 *
 * <p>Everything it makes belongs to the network namespace of the thread that opened it.
 */
public final class Networks implements AutoCloseable {
  private static final Logger LOG = System.getLogger(Networks.class.getName());
  private static final String TABLE = "caisson_";

  /** A workload that is attached now; no namespace if an engine before this one attached it. */
  private record Member(
      Attachment attachment,
      Optional<WorkloadNamespace> namespace,
      Map<String, NamespaceLink> links) {}

  private final Forwarding forwarding;
  private final LinkNames names;
  private final Ruleset ruleset;
  private final RouteSocket host;
  private final RuleEngine rules;
  private final SetSocket sets;
  private final NamespacePool pool;
  private final Partings partings = new Partings();
  private final Gateways gateways;
  private final NameTable table = new NameTable();
  private final PortKeeper ports;
  private final Map<String, NetworkDefinition> networks = new LinkedHashMap<>();
  private final Map<String, Member> members = new HashMap<>();

  private Networks(NetworkOptions options, Journal journal, RouteSocket host, RuleEngine rules) {
    this.forwarding = new Forwarding(journal);
    this.names = new LinkNames(options.tag());
    this.ports = new PortKeeper(options.relay().map(SlirpRelay::new));
    this.ruleset =
        new Ruleset(TABLE + options.tag(), names.workloadPrefix(), options.relay().isPresent());
    this.host = host;
    this.rules = rules;
    this.sets = SetSocket.open(ruleset.table());
    this.pool = new NamespacePool(host, names, options.readyNamespaces());
    this.gateways =
        new Gateways(
            host,
            rules,
            ruleset,
            names,
            new Resolver.Service(table, this::isInternal, new Upstream(options.nameServers())));
  }

  /** Why this process cannot make networks; empty if it can. */
  public static Optional<Obstacle> unavailable() {
    return HostSide.unavailable();
  }

  /**
   * Opens the networks of this host and replaces the firewall table by an empty one; {@link
   * #reconcile} fills it again.
   *
   * @throws NetworkException UNAVAILABLE
   */
  public static Networks open(NetworkOptions options, Journal journal) {
    unavailable()
        .ifPresent(obstacle -> {
          throw new NetworkException(Kind.UNAVAILABLE, obstacle.reason(), obstacle.remedy());
        });
    return new Networks(options, journal, RouteSocket.open(), RuleEngine.open());
  }

  /**
   * Makes the host what it should be after a restart: these networks, these workloads still running
   * in them, and nothing else of ours. Rules come back exactly, whatever became of them meanwhile.
   */
  public synchronized void reconcile(
      Collection<NetworkDefinition> expected, Collection<Attachment> running) {
    networks.clear();
    expected.forEach(network -> networks.put(network.id(), network));
    List<Link> links = host.links();
    RouteBatch removal = new RouteBatch();
    Map<String, Link> wanted = Survivors.of(links, names.workloadPrefix(), running, removal);
    gateways.strangers(links, List.copyOf(expected)).forEach(l -> removal.deleteLink(l.index()));
    host.execute(removal, Errno.ENODEV::equals);
    rules.run(ruleset.whole(expected, running));
    if (!expected.isEmpty()) {
      forward();
    }
    expected.forEach(gateways::open);
    ports.retain(running.stream().flatMap(attachment -> attachment.ports().stream()).toList());
    running.forEach(attachment -> adopt(attachment, wanted));
  }

  /** Makes a network. Its number and subnet must be unlike those of all others. */
  public synchronized void add(NetworkDefinition network) {
    if (networks.isEmpty()) {
      rules.run(ruleset.whole(List.of(), List.of()));
    }
    networks.put(network.id(), network);
    forward();
    rules.run(ruleset.add(network));
    gateways.open(network);
  }

  /**
   * Removes a network.
   *
   * @throws NetworkException IN_USE while a workload is in it
   */
  public synchronized void remove(NetworkDefinition network) {
    Optional<Member> user =
        members.values().stream().filter(m -> m.links().containsKey(network.id())).findFirst();
    if (user.isPresent()) {
      throw new NetworkException(
          Kind.IN_USE,
          "network " + network.name() + " is used by " + user.get().attachment().workload(),
          "disconnect or remove it first");
    }
    if (networks.remove(network.id()) == null) {
      return;
    }
    gateways.close(network);
    if (networks.isEmpty()) {
      rules.run(ruleset.gone());
      unforward();
    } else {
      rules.run(ruleset.remove(network));
    }
  }

  /**
   * Gives a workload a namespace connected to all its networks.
   *
   * @throws NetworkException IN_USE if a port is taken, NOT_FOUND for an unknown network
   */
  public Attached attach(Attachment wanted) {
    wanted.endpoints().forEach(endpoint -> network(endpoint.network()));
    Attachment attachment = wanted.withPorts(ports.hold(wanted.workload(), wanted.ports()));
    NamespacePool.Prepared prepared;
    try {
      prepared = pool.take();
    } catch (RuntimeException e) {
      ports.release(wanted.workload());
      throw e;
    }
    WorkloadNamespace namespace = prepared.namespace();
    Member member = new Member(attachment, Optional.of(namespace), new LinkedHashMap<>());
    try {
      for (Endpoint endpoint : attachment.endpoints()) {
        int position = member.links().size();
        NamespaceLink link =
            position == 0
                ? prepared.link()
                : namespace.connect(host, names.fresh(), "eth" + position);
        wire(member, endpoint, link, position == 0);
      }
      sets.add(PortElements.of(attachment, ruleset.relayed()));
      table.put(attachment);
    } catch (RuntimeException e) {
      ports.release(wanted.workload());
      namespace.close();
      throw e;
    }
    synchronized (this) {
      members.put(attachment.workload(), member);
    }
    return new Attached(namespace.path(), attachment.ports());
  }

  /**
   * Takes a workload off all networks; harmless if it is on none. Its interfaces go when the kernel
   * frees the namespace, which it does in batches of its own; routes and rules are gone at once.
   */
  public void detach(String workload) {
    Member member;
    synchronized (this) {
      member = members.remove(workload);
    }
    table.remove(workload);
    if (member == null) {
      ports.release(workload);
      return;
    }
    sets.remove(PortElements.of(member.attachment(), ruleset.relayed()));
    ports.release(workload);
    RouteBatch batch = new RouteBatch();
    for (Endpoint endpoint : member.attachment().endpoints()) {
      NamespaceLink link = member.links().get(endpoint.network());
      if (link != null) {
        batch.append(Wiring.offHost(endpoint, link));
        if (member.namespace().isEmpty()) {
          batch.deleteLink(link.host());
        }
      }
    }
    host.execute(batch, Networks::isGone);
    member.namespace().ifPresent(partings::add);
  }

  /**
   * Connects a running workload to one more network.
   *
   * @param namespace of a workload that an engine before this one attached: an open file of its
   *     namespace, which is taken over; otherwise empty
   */
  public synchronized void connect(String workload, Endpoint endpoint, Optional<Fd> namespace) {
    Member member = member(workload);
    if (member.links().containsKey(endpoint.network())) {
      throw new NetworkException(
          Kind.IN_USE, workload + " is in network " + endpoint.network() + " already", "");
    }
    WorkloadNamespace inside =
        member
            .namespace()
            .or(() -> namespace.map(WorkloadNamespace::adopt))
            .orElseThrow(() ->
                new NetworkException(
                    Kind.UNAVAILABLE,
                    workload + " was started by an engine before this one",
                    "restart it"));
    Member changed =
        new Member(
            member.attachment().with(endpoint),
            Optional.of(inside),
            new LinkedHashMap<>(member.links()));
    NamespaceLink link = inside.connect(host, names.fresh(), freeName(inside));
    wire(changed, endpoint, link, member.links().isEmpty());
    table.put(changed.attachment());
    members.put(workload, changed);
  }

  /** Takes a running workload off one network; published ports move with the first network left. */
  public synchronized void disconnect(String workload, String network) {
    Member member = member(workload);
    NamespaceLink link = member.links().remove(network);
    if (link == null) {
      throw new NetworkException(Kind.NOT_FOUND, workload + " is not in network " + network, "");
    }
    host.execute(new RouteBatch().deleteLink(link.host()), Networks::isGone);
    Attachment less = member.attachment().without(network);
    String closing = ruleset.remove(member.attachment());
    if (!closing.isEmpty()) {
      rules.run(closing + ruleset.add(less));
    }
    table.put(less);
    members.put(workload, new Member(less, member.namespace(), member.links()));
  }

  /** Subnets this host has routes to, which new networks should not overlap. */
  public List<Subnet> subnetsInUse() {
    return HostSide.subnetsInUse(host);
  }

  /** Stops serving. Workloads keep their connections; {@link #reconcile} takes them up again. */
  @Override
  public synchronized void close() {
    pool.close();
    partings.close();
    gateways.close();
    ports.close();
    members.values().forEach(m -> m.namespace().ifPresent(WorkloadNamespace::close));
    members.clear();
    rules.close();
    sets.close();
    host.close();
  }

  private void wire(Member member, Endpoint endpoint, NamespaceLink link, boolean wayOut) {
    Wiring wiring = new Wiring(network(endpoint.network()), endpoint, link);
    String workload = member.attachment().workload();
    host.execute(wiring.onHost(workload, !member.attachment().ports().isEmpty()));
    member.namespace().orElseThrow().inside().execute(wiring.inside(wayOut));
    member.links().put(endpoint.network(), link);
  }

  private void adopt(Attachment attachment, Map<String, Link> links) {
    try {
      ports.hold(attachment.workload(), attachment.ports());
    } catch (NetworkException e) {
      // Somebody took the port while no engine held it; packets still go where the rules lead.
      LOG.log(Level.WARNING, "a port of " + attachment.workload() + " is not held", e);
    }
    table.put(attachment);
    Map<String, NamespaceLink> own = new LinkedHashMap<>();
    for (Endpoint endpoint : attachment.endpoints()) {
      Link link = links.get(LinkNames.alias(attachment.workload(), endpoint.network()));
      if (link != null) {
        NamespaceLink pair = new NamespaceLink(link.index(), 0);
        own.put(endpoint.network(), pair);
        host.execute(
            new Wiring(network(endpoint.network()), endpoint, pair)
                .onHost(attachment.workload(), !attachment.ports().isEmpty()),
            Networks::isGone); // a workload may be ending while we look
      }
    }
    members.put(attachment.workload(), new Member(attachment, Optional.empty(), own));
  }

  private static String freeName(WorkloadNamespace inside) {
    Set<String> taken =
        inside.inside().links().stream().map(Link::name).collect(Collectors.toSet());
    int number = 0;
    while (taken.contains("eth" + number)) {
      number++;
    }
    return "eth" + number;
  }

  private void forward() {
    forwarding.on(networks.values().stream().anyMatch(network -> network.ipv6().isPresent()));
  }

  private void unforward() {
    // Another engine on this host may have found forwarding on because of us, and rely on it now.
    if (!rules.query("list tables inet").contains("table inet " + TABLE)) {
      forwarding.off();
    }
  }

  private static boolean isGone(Errno errno) {
    return errno == Errno.ENODEV || errno == Errno.ESRCH || errno == Errno.ENETUNREACH;
  }

  private boolean isInternal(String network) {
    synchronized (this) {
      NetworkDefinition known = networks.get(network);
      return known == null || known.internal();
    }
  }

  private synchronized NetworkDefinition network(String id) {
    @Nullable NetworkDefinition network = networks.get(id);
    if (network == null) {
      throw new NetworkException(Kind.NOT_FOUND, "network " + id + " not found", "create it first");
    }
    return network;
  }

  private Member member(String workload) {
    Member member = members.get(workload);
    if (member == null) {
      throw new NetworkException(
          Kind.NOT_FOUND, workload + " is on no network", "start it with one");
    }
    return member;
  }
}
