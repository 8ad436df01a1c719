/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.address;

import dev.caisson.network.NetworkException;
import dev.caisson.network.NetworkException.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Random;

/** Chooses subnets for networks that name none, apart from all those in use on this host. Pure. */
public final class SubnetPool {
  private static final List<Subnet> CANDIDATES = candidates();

  private SubnetPool() {}

  /**
   * The first private IPv4 subnet that overlaps nothing in use: 172.17.0.0/16 to 172.31.0.0/16,
   * then pieces of /20 of 192.168.0.0/16. The order is Docker's, so that firewalls people have fit.
   *
   * @throws NetworkException EXHAUSTED
   */
  public static Subnet choose(Collection<Subnet> inUse) {
    return CANDIDATES.stream()
        .filter(candidate -> inUse.stream().noneMatch(candidate::overlaps))
        .findFirst()
        .orElseThrow(() ->
            new NetworkException(
                Kind.EXHAUSTED, "all private subnets are in use", "name one with --subnet"));
  }

  /** A unique local IPv6 subnet, /64, its 40 random bits from {@code random}. RFC 4193 */
  public static Subnet chooseIpv6(Random random) {
    long global = random.nextLong() & 0xff_ffff_ffffL;
    return Subnet.parse(
        String.format(
            "fd%02x:%04x:%04x::/64", global >> 32, global >> 16 & 0xffff, global & 0xffff));
  }

  private static List<Subnet> candidates() {
    List<Subnet> all = new ArrayList<>();
    for (int second = 17; second < 32; second++) {
      all.add(Subnet.parse("172." + second + ".0.0/16"));
    }
    for (int third = 0; third < 256; third += 16) {
      all.add(Subnet.parse("192.168." + third + ".0/20"));
    }
    return List.copyOf(all);
  }
}
