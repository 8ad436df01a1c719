/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.EndpointSpec;
import dev.caisson.engine.spec.NetworkSpec;
import dev.caisson.engine.spec.NetworkSpec.AddressPool;
import dev.caisson.engine.view.NetworkInfo;
import dev.caisson.network.NetworkDefinition;
import dev.caisson.network.NetworkDefinition.Range;
import dev.caisson.network.address.Subnet;
import java.net.InetAddress;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A network as it is stored.
 *
 * @param number what firewall rules know it by
 * @param pools subnets and gateways, no longer empty
 */
public record NetworkRecord(
    String id,
    String name,
    int number,
    Instant created,
    boolean internal,
    boolean attachable,
    boolean ipv6,
    List<AddressPool> pools,
    Map<String, String> options,
    Map<String, String> labels) {
  private static final String MTU = "com.docker.network.driver.mtu";
  private static final String TOGETHER = "com.docker.network.bridge.enable_icc";
  private static final String MASQUERADE = "com.docker.network.bridge.enable_ip_masquerade";
  private static final int ORDINARY_MTU = 1500;

  public NetworkRecord {
    pools = List.copyOf(pools);
    options = Map.copyOf(options);
    labels = Map.copyOf(labels);
  }

  static NetworkRecord of(
      NetworkSpec spec, String id, int number, Instant created, List<AddressPool> pools) {
    return new NetworkRecord(
        id,
        spec.name(),
        number,
        created,
        spec.internal(),
        spec.attachable(),
        spec.ipv6(),
        pools,
        spec.options(),
        spec.labels());
  }

  NetworkDefinition definition() {
    Range four =
        pools.stream()
            .map(NetworkRecord::range)
            .filter(range -> !range.subnet().isIpv6())
            .findFirst()
            .orElseThrow(() ->
                EngineException.invalid(
                    "network " + name + " has no IPv4 subnet", "name one with --subnet"));
    Optional<Range> six =
        pools.stream()
            .map(NetworkRecord::range)
            .filter(range -> range.subnet().isIpv6())
            .findFirst();
    return new NetworkDefinition(
        id, name, number, four, six, internal, truth(TOGETHER), truth(MASQUERADE), mtu());
  }

  /**
   * @throws EngineException INVALID when an address asked for is not of this network
   */
  void check(EndpointSpec wanted) {
    wanted
        .ipv4Address()
        .ifPresent(address -> {
          var subnet = definition().ipv4().subnet();
          if (!subnet.contains(Addresses.parse(address))) {
            throw EngineException.invalid(
                "address " + address + " is not in network " + name, "choose one of " + subnet);
          }
        });
  }

  /** The addresses a pool gives out, of the family asked for. */
  Optional<dev.caisson.network.address.AddressPool> addresses(boolean six) {
    return pools.stream()
        .filter(pool -> range(pool).subnet().isIpv6() == six)
        .findFirst()
        .map(pool -> {
          Range range = range(pool);
          Subnet part = pool.range().isEmpty() ? range.subnet() : Subnet.parse(pool.range());
          List<InetAddress> others =
              pool.auxiliaryAddresses().values().stream().map(Addresses::parse).toList();
          return new dev.caisson.network.address.AddressPool(
              range.subnet(), part, range.gateway(), others);
        });
  }

  NetworkInfo info(Map<String, NetworkInfo.Member> containers) {
    return new NetworkInfo(
        id,
        name,
        created,
        "bridge",
        "local",
        internal,
        attachable,
        ipv6,
        pools,
        containers,
        options,
        labels);
  }

  static Range range(AddressPool pool) {
    Subnet subnet = Subnet.parse(pool.subnet());
    return pool.gateway().isEmpty()
        ? Range.of(subnet)
        : new Range(subnet, Addresses.parse(pool.gateway()));
  }

  private int mtu() {
    String text = options.getOrDefault(MTU, "");
    try {
      return text.isEmpty() ? ORDINARY_MTU : Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw EngineException.invalid("invalid MTU '" + text + "'", "write a number as 1400");
    }
  }

  private boolean truth(String option) {
    return !options.getOrDefault(option, "true").equals("false");
  }
}
