/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.forward;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.network.Attachment;
import dev.caisson.network.Endpoint;
import dev.caisson.network.NetworkDefinition;
import dev.caisson.network.PublishedPort;
import dev.caisson.network.PublishedPort.Protocol;
import dev.caisson.network.address.Subnet;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RulesetTest {
  private final Ruleset ruleset = new Ruleset("caisson_x", "csx-", false);
  private final NetworkDefinition network =
      NetworkDefinition.of("n", "net", 5, Subnet.parse("10.3.0.0/16"));

  private static Attachment attachment(PublishedPort... ports) {
    InetAddress address = InetAddress.ofLiteral("10.3.0.2");
    return new Attachment(
        "w",
        List.of(
            new Endpoint("n", address, Optional.empty(), Endpoint.macOf(address), List.of("w"))),
        List.of(ports));
  }

  @Test
  void workloadWithoutPortsNeedsNoRuleAtAll() {
    assertThat(ruleset.add(attachment())).isEmpty();
  }

  @Test
  void publishedPortsAreMapElements() {
    InetAddress local = InetAddress.ofLiteral("127.0.0.1");
    String text =
        ruleset.add(
            attachment(
                new PublishedPort(Protocol.TCP, Optional.empty(), 8080, 80),
                new PublishedPort(Protocol.UDP, Optional.of(local), 53, 5353)));
    assertThat(text)
        .isEqualTo(
            """
            add element inet caisson_x hairpin4 { 10.3.0.2 . 10.3.0.2 }
            add element inet caisson_x published4 { tcp . 8080 : 10.3.0.2 . 80 }
            add element inet caisson_x published_at4 { 127.0.0.1 . udp . 53 : 10.3.0.2 . 5353 }
            """);
  }

  @Test
  void networksAreSetElements() {
    assertThat(ruleset.add(network))
        .isEqualTo(
            """
            add element inet caisson_x together { 5 . 5 }
            add element inet caisson_x masqueraded4 { 10.3.0.0/16 }
            """);
    assertThat(ruleset.add(network.asInternal()))
        .isEqualTo(
            """
            add element inet caisson_x together { 5 . 5 }
            add element inet caisson_x internal { 5 }
            """);
  }

  @Test
  void wholeTableReplacesItselfInOneTransaction() {
    assertThat(ruleset.whole(List.of(network), List.of()))
        .startsWith("table inet caisson_x\ndelete table inet caisson_x\ntable inet caisson_x {")
        .endsWith("add element inet caisson_x masqueraded4 { 10.3.0.0/16 }\n")
        .contains("iifname \"csx-*\" jump outgoing");
  }
}
