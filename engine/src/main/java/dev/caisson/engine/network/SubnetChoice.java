/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.network;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.NetworkSpec;
import dev.caisson.engine.spec.NetworkSpec.AddressPool;
import dev.caisson.network.address.Subnet;
import dev.caisson.network.address.SubnetPool;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Which subnets a new network gets. */
final class SubnetChoice {
  private SubnetChoice() {}

  /**
   * The pools asked for, completed, and those missing chosen: one of IPv4 at least.
   *
   * @param taken subnets of others, which these must not overlap
   * @throws EngineException CONFLICT for a subnet that does
   */
  static List<AddressPool> of(NetworkSpec spec, List<Subnet> taken) {
    var chosen = new ArrayList<AddressPool>();
    for (var pool : spec.pools()) {
      if (!pool.subnet().isEmpty()) {
        chosen.add(complete(pool, taken));
      }
    }
    if (chosen.stream().allMatch(pool -> Subnet.parse(pool.subnet()).isIpv6())) {
      chosen.addFirst(complete(SubnetPool.choose(taken)));
    }
    if (spec.ipv6() && chosen.stream().noneMatch(pool -> Subnet.parse(pool.subnet()).isIpv6())) {
      chosen.add(complete(SubnetPool.chooseIpv6(new SecureRandom())));
    }
    return chosen;
  }

  private static AddressPool complete(AddressPool pool, List<Subnet> taken) {
    var subnet = Subnet.parse(pool.subnet());
    taken.stream()
        .filter(subnet::overlaps)
        .findFirst()
        .ifPresent(other -> {
          throw EngineException.conflict(
              "subnet " + subnet + " overlaps " + other + ", which is in use", "choose another");
        });
    var range = NetworkRecord.range(pool);
    return new AddressPool(
        subnet.toString(),
        pool.range(),
        range.gateway().getHostAddress(),
        pool.auxiliaryAddresses());
  }

  private static AddressPool complete(Subnet subnet) {
    return new AddressPool(subnet.toString(), "", subnet.at(1).getHostAddress(), Map.of());
  }
}
