/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import dev.caisson.engine.spec.EndpointSpec;
import dev.caisson.engine.spec.NetworkSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.state.Change;
import dev.caisson.engine.state.Ids;
import dev.caisson.engine.state.RecordCodec;
import dev.caisson.engine.state.Store;
import dev.caisson.engine.text.PruneLimit;
import dev.caisson.engine.view.NetworkView.EndpointView;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.network.Endpoint;
import dev.caisson.network.address.Subnet;
import java.net.InetAddress;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/** Which networks there are, and what a container is in them. Touches no host state. */
final class NetworkCatalog {
  /** The network of containers that name none; its name is Docker's, since tools look for it. */
  private static final String BUILT_IN = "bridge";

  private static final String KEYS = "network/";
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}");
  private static final Set<String> RESERVED = Set.of("bridge", "host", "none", "default");
  private static final int SHORT_ID = 12;

  private final Store store;
  private final Clock clock;
  private final Supplier<List<Subnet>> subnetsOfHost;
  private final Map<String, NetworkRecord> records = new LinkedHashMap<>();
  private final GivenAddresses given = new GivenAddresses();

  NetworkCatalog(Store store, Clock clock, Supplier<List<Subnet>> subnetsOfHost) {
    this.store = store;
    this.clock = clock;
    this.subnetsOfHost = subnetsOfHost;
    for (var stored : store.entries(KEYS).values()) {
      keep(RecordCodec.decode(stored, NetworkRecord.class));
    }
    if (records.values().stream().noneMatch(this::isBuiltIn)) {
      save(NetworkSpec.of(BUILT_IN));
    }
  }

  /** Which addresses are given out. */
  GivenAddresses given() {
    return given;
  }

  boolean isBuiltIn(NetworkRecord record) {
    return record.name().equals(BUILT_IN);
  }

  /** The age that a prune asks for. */
  PruneLimit limit(Filters filters) {
    return PruneLimit.of(filters, clock);
  }

  synchronized List<NetworkRecord> all() {
    return List.copyOf(records.values());
  }

  synchronized Optional<NetworkRecord> byId(String id) {
    return Optional.ofNullable(records.get(id));
  }

  /**
   * Finds a network by name, id or the beginning of one.
   *
   * @throws EngineException NOT_FOUND, or CONFLICT if several ids begin so
   */
  synchronized NetworkRecord find(String reference) {
    var name = reference.equals("default") ? BUILT_IN : reference;
    for (var record : records.values()) {
      if (record.name().equals(name) || record.id().equals(name)) {
        return record;
      }
    }
    var matches =
        records.values().stream().filter(record -> record.id().startsWith(reference)).toList();
    if (matches.size() > 1) {
      throw EngineException.conflict(
          "network " + reference + " is ambiguous", "give more of its id");
    }
    if (matches.isEmpty() || reference.isEmpty()) {
      throw EngineException.notFound("network " + reference + " not found");
    }
    return matches.getFirst();
  }

  synchronized NetworkRecord create(NetworkSpec spec) {
    if (!spec.driver().isEmpty() && !spec.driver().equals("bridge")) {
      throw EngineException.notFound(
          "could not find plugin " + spec.driver() + " in v1 plugin registry");
    }
    if (!NAME.matcher(spec.name()).matches() || RESERVED.contains(spec.name())) {
      throw EngineException.invalid(
          "invalid network name '" + spec.name() + "'", "use letters, digits, _ . and -");
    }
    if (records.values().stream().anyMatch(record -> record.name().equals(spec.name()))) {
      throw EngineException.conflict(
          "network with name " + spec.name() + " already exists", "choose another name");
    }
    return save(spec);
  }

  synchronized void remove(NetworkRecord record) {
    store.write(new Change.Remove(KEYS + record.id()));
    records.remove(record.id());
    given.forget(record);
  }

  /** The networks a container joins, the one that is its way out first. */
  Set<String> namesIn(NetworkingSpec spec) {
    var names = new LinkedHashSet<String>();
    var first = find(spec.mode());
    names.add(first.name());
    spec.endpoints().keySet().stream().sorted().map(this::find).forEach(r -> names.add(r.name()));
    return names;
  }

  /**
   * The networks of a container once it has joined one more.
   *
   * @throws EngineException CONFLICT when it has the network stack of the host or of another
   */
  NetworkingSpec joined(NetworkingSpec spec, NetworkRecord record, EndpointSpec settings) {
    if (spec.mode().equals("host") || spec.mode().startsWith("container:")) {
      throw EngineException.conflict(
          "a container with the network stack of the host or another container joins no network",
          "create it with --network " + record.name());
    }
    var endpoints = new LinkedHashMap<>(spec.endpoints());
    endpoints.keySet().removeIf(name -> find(name).id().equals(record.id()));
    endpoints.put(record.name(), settings);
    return spec.withNetworks(spec.mode().equals("none") ? record.name() : spec.mode(), endpoints);
  }

  /** The networks of a container once it has left one; with the last one goes its network. */
  NetworkingSpec left(NetworkingSpec spec, NetworkRecord record) {
    if (spec.mode().equals("none")
        || spec.mode().equals("host")
        || spec.mode().startsWith("container:")) {
      return spec;
    }
    var endpoints = new LinkedHashMap<>(spec.endpoints());
    endpoints.keySet().removeIf(name -> find(name).id().equals(record.id()));
    boolean first = find(spec.mode()).id().equals(record.id());
    var way = first ? endpoints.keySet().stream().sorted().findFirst().orElse("none") : spec.mode();
    return spec.withNetworks(way, endpoints);
  }

  /** What a container wants in one network, whatever it called the network there. */
  EndpointSpec settings(NetworkingSpec spec, NetworkRecord record) {
    for (var entry : spec.endpoints().entrySet()) {
      if (find(entry.getKey()).id().equals(record.id())) {
        return entry.getValue();
      }
    }
    return EndpointSpec.automatic();
  }

  /** A place in the network for a container, with addresses nobody else has. */
  Endpoint endpoint(NetworkRecord record, Fabric.Member member) {
    var settings = settings(member.spec(), record);
    boolean first = find(member.spec().mode()).id().equals(record.id());
    if (first && settings.macAddress().isEmpty() && member.spec().macAddress().isPresent()) {
      settings =
          new EndpointSpec(
              settings.aliases(),
              settings.links(),
              settings.ipv4Address(),
              settings.ipv6Address(),
              member.spec().macAddress(),
              settings.driverOptions());
    }
    return endpoint(record, member, settings);
  }

  Endpoint endpoint(NetworkRecord record, Fabric.Member member, EndpointSpec settings) {
    var four = given.take(record, false, settings.ipv4Address()).orElseThrow();
    Optional<InetAddress> six;
    try {
      six = given.take(record, true, settings.ipv6Address());
    } catch (RuntimeException e) {
      given.release(record, four);
      throw e;
    }
    var mac = settings.macAddress().map(Addresses::parseMac).orElseGet(() -> Endpoint.macOf(four));
    var names = new ArrayList<String>();
    names.add(member.name());
    names.add(member.id().substring(0, Math.min(SHORT_ID, member.id().length())));
    names.add(member.hostname());
    names.addAll(settings.aliases());
    return new Endpoint(record.id(), four, six, mac, names);
  }

  /** The endpoint a view shows. */
  Endpoint endpoint(EndpointView view) {
    return new Endpoint(
        view.networkId(),
        Addresses.parse(view.ipv4Address()),
        view.ipv6Address().isEmpty()
            ? Optional.empty()
            : Optional.of(Addresses.parse(view.ipv6Address())),
        MacAddress.parse(view.macAddress()),
        view.names());
  }

  EndpointView view(NetworkRecord record, Endpoint endpoint, NetworkingSpec spec) {
    return view(record, endpoint, settings(spec, record));
  }

  EndpointView view(NetworkRecord record, Endpoint endpoint, EndpointSpec settings) {
    var definition = record.definition();
    var six = definition.ipv6().filter(range -> endpoint.ipv6().isPresent());
    return new EndpointView(
        record.id(),
        Ids.random(),
        endpoint.ipv4().getHostAddress(),
        definition.ipv4().subnet().prefixLength(),
        definition.ipv4().gateway().getHostAddress(),
        endpoint.ipv6().map(InetAddress::getHostAddress).orElse(""),
        six.map(range -> range.subnet().prefixLength()).orElse(0),
        six.map(range -> range.gateway().getHostAddress()).orElse(""),
        endpoint.mac().toString(),
        settings.aliases(),
        endpoint.names());
  }

  private NetworkRecord save(NetworkSpec spec) {
    var pools = SubnetChoice.of(spec, subnetsInUse());
    var record = NetworkRecord.of(spec, Ids.random(), freeNumber(), clock.instant(), pools);
    var unused = record.definition(); // refuses what is out of range before it is stored
    store.write(new Change.Put(KEYS + record.id(), RecordCodec.encode(record)));
    store.sync();
    keep(record);
    return record;
  }

  private void keep(NetworkRecord record) {
    records.put(record.id(), record);
    given.open(record);
  }

  private List<Subnet> subnetsInUse() {
    var taken = new ArrayList<>(subnetsOfHost.get());
    records.values().forEach(r -> r.pools().forEach(p -> taken.add(Subnet.parse(p.subnet()))));
    return taken;
  }

  private int freeNumber() {
    var taken = records.values().stream().map(NetworkRecord::number).toList();
    int number = 1;
    while (taken.contains(number)) {
      number++;
    }
    return number;
  }
}
