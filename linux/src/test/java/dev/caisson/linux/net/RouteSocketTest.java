/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.nftables.RuleEngine;
import dev.caisson.linux.nftables.RuleException;
import dev.caisson.linux.process.Credentials;
import dev.caisson.linux.process.Namespace;
import dev.caisson.linux.process.NamespaceThread;
import java.net.InetAddress;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The real kernel, in network namespaces that vanish with the test's thread. */
@Tag("integration")
class RouteSocketTest {
  private static final InetAddress ADDRESS = InetAddress.ofLiteral("10.9.0.1");

  @BeforeEach
  void needsRoot() {
    Assumptions.assumeTrue(Credentials.own().isRoot(), "network namespaces need root");
  }

  @Test
  void vethWithItsPeerInAnotherNamespace() {
    inNewNamespace(socket -> {
      Fd other = NamespaceThread.insideNew(Namespace.NETWORK::ofThisThread, Namespace.NETWORK);
      socket.execute(
          new RouteBatch()
              .createVeth(
                  LinkSettings.named("left").group(7).mac(MacAddress.parse("02:00:00:00:00:01")),
                  LinkSettings.named("eth0").mtu(1400),
                  Optional.of(other))
              .changeLink("left", LinkSettings.none().alias("a note").up(true).quietly()));
      Link left = socket.link("left").orElseThrow();
      assertThat(left.group()).isEqualTo(7);
      assertThat(left.alias()).isEqualTo("a note");
      assertThat(left.kind()).isEqualTo("veth");
      assertThat(left.mac()).hasValue(MacAddress.parse("02:00:00:00:00:01"));
      NamespaceThread.inside(
          Namespace.NETWORK,
          other,
          () -> {
            try (RouteSocket inside = RouteSocket.open()) {
              assertThat(inside.link("eth0").orElseThrow().mtu()).isEqualTo(1400);
            }
            return "";
          });
      other.close();
    });
  }

  @Test
  void addressesRoutesAndNeighboursInOneBatch() {
    inNewNamespace(socket -> {
      socket.execute(new RouteBatch().createBridge(LinkSettings.named("br").up(true)));
      int index = socket.link("br").orElseThrow().index();
      Route route = Route.direct(InetAddress.ofLiteral("10.9.0.2"), index).from(ADDRESS);
      Route six = Route.direct(InetAddress.ofLiteral("fd00::2"), index);
      socket.execute(
          new RouteBatch()
              .addAddress(index, ADDRESS, 24)
              .putRoute(route)
              .putRoute(route)
              .putRoute(six)
              .putNeighbour(index, route.destination(), MacAddress.parse("02:00:00:00:00:02")));
      assertThat(socket.addresses()).contains(new LinkAddress(index, ADDRESS, 24));
      assertThat(socket.routes()).contains(route, six);
      socket.execute(new RouteBatch().deleteRoute(route).deleteAddress(index, ADDRESS, 24));
      assertThat(socket.routes()).doesNotContain(route);
    });
  }

  @Test
  void oneRefusedRequestDoesNotStopTheOthers() {
    inNewNamespace(socket -> {
      RouteBatch batch =
          new RouteBatch()
              .createBridge(LinkSettings.named("a"))
              .deleteLink("absent")
              .createBridge(LinkSettings.named("b"));
      assertThatThrownBy(() -> socket.execute(batch))
          .isInstanceOfSatisfying(
              LinuxException.class,
              e -> {
                assertThat(e.errno()).isEqualTo(Errno.ENODEV);
                assertThat(e.subject()).isEqualTo("absent");
              });
      assertThat(socket.link("b")).isPresent();
      socket.execute(new RouteBatch().deleteLink("a").deleteLink("absent"), Errno.ENODEV::equals);
      assertThat(socket.link("a")).isEmpty();
    });
  }

  @Test
  void batchesLargerThanTheSocketsQueue() {
    inNewNamespace(socket -> {
      socket.execute(new RouteBatch().createBridge(LinkSettings.named("br").up(true)));
      int index = socket.link("br").orElseThrow().index();
      RouteBatch batch = new RouteBatch();
      for (int i = 0; i < 1000; i++) {
        batch.putRoute(
            Route.direct(InetAddress.ofLiteral("10.8." + i / 250 + "." + i % 250), index));
      }
      socket.execute(batch);
      assertThat(socket.routes()).hasSizeGreaterThanOrEqualTo(1000);
    });
  }

  @Test
  void rulesAreOneTransaction() {
    inNewNamespace(socket -> {
      try (RuleEngine rules = RuleEngine.open()) {
        rules.run("add table inet t; add set inet t s { type ipv4_addr; }");
        assertThatThrownBy(
                () -> rules.run("add element inet t s { 10.0.0.1 }; add rule inet t absent drop"))
            .isInstanceOf(RuleException.class)
            .hasMessageContaining("No such file");
        assertThat(rules.query("list set inet t s")).doesNotContain("10.0.0.1");
      }
    });
  }

  private static void inNewNamespace(Consumer<RouteSocket> work) {
    NamespaceThread.insideNew(
        () -> {
          try (RouteSocket socket = RouteSocket.open()) {
            work.accept(socket);
          }
          return "";
        },
        Namespace.NETWORK);
  }
}
