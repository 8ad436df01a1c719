/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.EngineException;
import dev.caisson.network.Endpoint;
import dev.caisson.network.address.AddressPool;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/** Which addresses of the networks are given out; none is given twice. */
final class GivenAddresses {
  private record Key(String network, boolean six) {}

  private final Map<Key, AddressPool> pools = new HashMap<>();

  /** Gives out addresses of a network from now on, IPv6 only if it has any. */
  synchronized void open(NetworkRecord record) {
    for (boolean six : new boolean[] {false, true}) {
      record.addresses(six).ifPresent(pool -> pools.put(new Key(record.id(), six), pool));
    }
  }

  synchronized void forget(NetworkRecord record) {
    pools.remove(new Key(record.id(), false));
    pools.remove(new Key(record.id(), true));
  }

  /**
   * An address nobody has.
   *
   * @param wanted this one; else a free one
   * @return empty if the network has none of this family
   * @throws EngineException INVALID for what is no address
   */
  synchronized Optional<InetAddress> take(
      NetworkRecord record, boolean six, Optional<String> wanted) {
    return pool(record, six)
        .map(pool ->
            wanted
                .filter(text -> !text.isEmpty())
                .map(text -> pool.claim(Addresses.parse(text)))
                .orElseGet(pool::allocate));
  }

  /** Marks those of an endpoint that exists already. */
  synchronized void claim(NetworkRecord record, Endpoint endpoint) {
    pool(record, false).ifPresent(pool -> pool.claim(endpoint.ipv4()));
    endpoint.ipv6().ifPresent(six -> pool(record, true).ifPresent(pool -> pool.claim(six)));
  }

  synchronized void release(NetworkRecord record, Endpoint endpoint) {
    release(record, endpoint.ipv4());
    endpoint.ipv6().ifPresent(six -> release(record, six));
  }

  synchronized void release(NetworkRecord record, InetAddress address) {
    pool(record, address instanceof Inet6Address).ifPresent(pool -> pool.release(address));
  }

  private Optional<AddressPool> pool(NetworkRecord record, boolean six) {
    return Optional.ofNullable(pools.get(new Key(record.id(), six)));
  }
}
