/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.address;

import dev.caisson.network.NetworkException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.net.UnknownHostException;

/** A range of addresses with a common prefix, IPv4 or IPv6, as {@code 172.17.0.0/16}. Pure. */
public record Subnet(InetAddress base, int prefixLength) {

  /** The host part of {@code base} is cleared. */
  public Subnet {
    int bits = base.getAddress().length * 8;
    if (prefixLength < 0 || prefixLength > bits) {
      throw NetworkException.invalid(
          "prefix length " + prefixLength + " out of range", "use 0 to " + bits);
    }
    BigInteger host = BigInteger.ONE.shiftLeft(bits - prefixLength).subtract(BigInteger.ONE);
    base = address(number(base).andNot(host), bits / 8);
  }

  /** Reads {@code 10.1.0.0/24} or {@code fd00:1::/64}; names are never looked up. */
  public static Subnet parse(String text) {
    int slash = text.indexOf('/');
    if (slash < 0) {
      throw NetworkException.invalid("no subnet: " + text, "write it as 10.1.0.0/24");
    }
    try {
      return new Subnet(
          InetAddress.ofLiteral(text.substring(0, slash)),
          Integer.parseInt(text.substring(slash + 1)));
    } catch (IllegalArgumentException e) {
      throw NetworkException.invalid("no subnet: " + text, "write it as 10.1.0.0/24");
    }
  }

  public boolean isIpv6() {
    return base.getAddress().length == 16;
  }

  /** False also for an address of the other family. */
  public boolean contains(InetAddress address) {
    return address.getAddress().length == base.getAddress().length
        && new Subnet(address, prefixLength).base.equals(base);
  }

  /** Whether one of them holds the other, or is it. */
  public boolean overlaps(Subnet other) {
    return contains(other.base) || other.contains(base);
  }

  /** How many addresses it spans, counting all. */
  public BigInteger size() {
    return BigInteger.ONE.shiftLeft(base.getAddress().length * 8 - prefixLength);
  }

  /**
   * The address that many steps behind the first.
   *
   * @throws NetworkException INVALID outside the subnet
   */
  public InetAddress at(BigInteger offset) {
    if (offset.signum() < 0 || offset.compareTo(size()) >= 0) {
      throw NetworkException.invalid(this + " has no address " + offset, "");
    }
    return address(number(base).add(offset), base.getAddress().length);
  }

  /** As {@link #at(BigInteger)}. */
  public InetAddress at(long offset) {
    return at(BigInteger.valueOf(offset));
  }

  /** The inverse of {@link #at}. */
  public BigInteger offsetOf(InetAddress address) {
    return number(address).subtract(number(base));
  }

  private static BigInteger number(InetAddress address) {
    return new BigInteger(1, address.getAddress());
  }

  private static InetAddress address(BigInteger number, int length) {
    byte[] bytes = new byte[length];
    byte[] digits = number.toByteArray(); // may carry a sign byte in front
    int count = Math.min(digits.length, length);
    System.arraycopy(digits, digits.length - count, bytes, length - count, count);
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e); // 4 or 16 bytes always
    }
  }

  @Override
  public String toString() {
    return base.getHostAddress() + "/" + prefixLength;
  }
}
