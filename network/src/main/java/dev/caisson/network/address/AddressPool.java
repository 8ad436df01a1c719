/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.address;

import dev.caisson.network.NetworkException;
import dev.caisson.network.NetworkException.Kind;
import java.math.BigInteger;
import java.net.InetAddress;
import java.util.Collection;
import java.util.HashSet;
import java.util.Set;

/**
 * Gives out the addresses of one subnet. What is given out is the caller's to remember; after a
 * restart it {@link #claim claims} them again. Not thread-safe.
 *
 * <p>A freed address comes round again last: peers may still hold it in caches and connections.
 */
public final class AddressPool {
  private final Subnet subnet;
  private final Subnet range;
  private final InetAddress gateway;
  private final Set<InetAddress> used = new HashSet<>();
  private final Set<InetAddress> reserved = new HashSet<>();
  private BigInteger next;

  /**
   * @param range the part of {@code subnet} to choose from
   * @param gateway never given out
   * @param auxiliary further addresses that belong to somebody else
   */
  public AddressPool(
      Subnet subnet, Subnet range, InetAddress gateway, Collection<InetAddress> auxiliary) {
    if (!subnet.contains(range.base()) || range.prefixLength() < subnet.prefixLength()) {
      throw NetworkException.invalid(
          "range " + range + " is not inside " + subnet, "choose a part of the subnet");
    }
    if (!subnet.contains(gateway)) {
      throw NetworkException.invalid(
          "gateway " + gateway.getHostAddress() + " is not inside " + subnet,
          "choose an address of the subnet");
    }
    this.subnet = subnet;
    this.range = range;
    this.gateway = gateway;
    reserved.add(gateway);
    reserved.addAll(auxiliary);
    reserved.add(subnet.base());
    if (!subnet.isIpv6()) {
      reserved.add(subnet.at(subnet.size().subtract(BigInteger.ONE))); // broadcast
    }
    this.next = BigInteger.ONE;
  }

  /** A pool over the whole subnet whose first address is the gateway's. */
  public static AddressPool of(Subnet subnet) {
    return new AddressPool(subnet, subnet, subnet.at(1), Set.of());
  }

  public Subnet subnet() {
    return subnet;
  }

  public InetAddress gateway() {
    return gateway;
  }

  /**
   * The next free address.
   *
   * @throws NetworkException EXHAUSTED
   */
  public InetAddress allocate() {
    BigInteger size = range.size();
    // Of that many candidates one is free, unless none is.
    BigInteger tries = size.min(BigInteger.valueOf(used.size() + reserved.size() + 1L));
    for (BigInteger i = BigInteger.ZERO; i.compareTo(tries) < 0; i = i.add(BigInteger.ONE)) {
      InetAddress candidate = range.at(next.mod(size));
      next = next.add(BigInteger.ONE).mod(size);
      if (!reserved.contains(candidate) && used.add(candidate)) {
        return candidate;
      }
    }
    throw new NetworkException(
        Kind.EXHAUSTED,
        "no free address in " + range,
        "remove containers, or make a network with a larger subnet");
  }

  /**
   * Takes one particular address.
   *
   * @throws NetworkException INVALID outside the subnet, IN_USE when taken or reserved
   */
  public InetAddress claim(InetAddress address) {
    if (!subnet.contains(address)) {
      throw NetworkException.invalid(
          address.getHostAddress() + " is not inside " + subnet, "choose an address of the subnet");
    }
    if (reserved.contains(address) || !used.add(address)) {
      throw new NetworkException(
          Kind.IN_USE, "address " + address.getHostAddress() + " is in use", "choose another one");
    }
    return address;
  }

  /** Gives an address back; harmless if it is not given out. */
  public void release(InetAddress address) {
    used.remove(address);
  }

  /** How many addresses are given out. */
  public int used() {
    return used.size();
  }
}
