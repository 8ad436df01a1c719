/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.address;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.network.NetworkException;
import dev.caisson.network.NetworkException.Kind;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class AddressPoolTest {
  /** Whatever the order of calls: no address twice, none outside, none that is reserved. */
  @Test
  void addressesAreNeverGivenOutTwice() {
    Random random = new Random(3);
    for (int round = 0; round < 100; round++) {
      boolean six = random.nextBoolean();
      int longer = random.nextInt(8);
      Subnet subnet = Subnet.parse(six ? "fd00::/" + (118 + longer) : "10.0.0.0/" + (22 + longer));
      InetAddress auxiliary = subnet.at(2);
      AddressPool pool = new AddressPool(subnet, subnet, subnet.at(1), Set.of(auxiliary));
      Set<InetAddress> out = new HashSet<>();
      for (int step = 0; step < 300; step++) {
        if (random.nextInt(3) == 0 && !out.isEmpty()) {
          InetAddress back = new ArrayList<>(out).get(random.nextInt(out.size()));
          pool.release(back);
          out.remove(back);
          continue;
        }
        try {
          InetAddress next = pool.allocate();
          assertThat(out.add(next)).as("fresh").isTrue();
          assertThat(subnet.contains(next)).isTrue();
          assertThat(next).isNotIn(subnet.base(), subnet.at(1), auxiliary);
        } catch (NetworkException e) {
          assertThat(e.kind()).isEqualTo(Kind.EXHAUSTED);
          assertThat(out).hasSize(subnet.size().intValueExact() - (six ? 3 : 4));
        }
      }
      assertThat(pool.used()).isEqualTo(out.size());
    }
  }

  @Test
  void offsetsAndAddressesAreInverse() throws UnknownHostException {
    Random random = new Random(5);
    for (int round = 0; round < 1000; round++) {
      byte[] bytes = new byte[random.nextBoolean() ? 4 : 16];
      random.nextBytes(bytes);
      InetAddress address = InetAddress.getByAddress(bytes);
      Subnet subnet = new Subnet(address, random.nextInt(bytes.length * 8 + 1));
      assertThat(subnet.contains(address)).isTrue();
      assertThat(subnet.at(subnet.offsetOf(address))).isEqualTo(address);
      assertThat(Subnet.parse(subnet.toString())).isEqualTo(subnet);
      assertThat(subnet.overlaps(subnet)).isTrue();
    }
  }

  @Test
  void freedAddressComesRoundAgainLast() {
    AddressPool pool = AddressPool.of(Subnet.parse("10.0.0.0/29"));
    InetAddress first = pool.allocate();
    pool.release(first);
    assertThat(pool.allocate()).isNotEqualTo(first);
  }

  @Test
  void particularAddressesAreClaimedOnce() {
    AddressPool pool = AddressPool.of(Subnet.parse("172.20.0.0/16"));
    InetAddress wanted = InetAddress.ofLiteral("172.20.0.77");
    pool.claim(wanted);
    assertKind(Kind.IN_USE, () -> pool.claim(wanted));
    assertKind(Kind.IN_USE, () -> pool.claim(pool.gateway()));
    assertKind(Kind.IN_USE, () -> pool.claim(InetAddress.ofLiteral("172.20.255.255")));
    assertKind(Kind.INVALID, () -> pool.claim(InetAddress.ofLiteral("172.21.0.1")));
  }

  @Test
  void rangeLimitsTheChoiceNotTheClaim() {
    Subnet subnet = Subnet.parse("10.5.0.0/16");
    AddressPool pool = new AddressPool(subnet, Subnet.parse("10.5.7.0/30"), subnet.at(1), Set.of());
    for (int i = 0; i < 4; i++) {
      assertThat(pool.allocate().getHostAddress()).startsWith("10.5.7.");
    }
    assertKind(Kind.EXHAUSTED, pool::allocate);
    pool.claim(InetAddress.ofLiteral("10.5.9.9"));
    Subnet outside = Subnet.parse("10.6.0.0/24");
    assertKind(Kind.INVALID, () -> new AddressPool(subnet, outside, subnet.at(1), Set.of()));
  }

  @Test
  void subnetsAreChosenApartFromThoseInUse() {
    List<Subnet> taken = new ArrayList<>(List.of(Subnet.parse("172.16.0.0/12")));
    for (int i = 0; i < 16; i++) {
      Subnet next = SubnetPool.choose(taken);
      assertThat(taken).noneMatch(next::overlaps);
      taken.add(next);
    }
    assertKind(Kind.EXHAUSTED, () -> SubnetPool.choose(taken));
    assertThat(SubnetPool.chooseIpv6(new Random(1)).prefixLength()).isEqualTo(64);
  }

  @Test
  void textThatIsNoSubnetIsRefusedWithoutAskingDns() {
    for (String text :
        List.of("", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/-1", "host.test/8", "::/129")) {
      assertKind(Kind.INVALID, () -> Subnet.parse(text));
    }
  }

  private static void assertKind(Kind kind, Runnable action) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(NetworkException.class, e -> assertThat(e.kind()).isEqualTo(kind));
  }
}
