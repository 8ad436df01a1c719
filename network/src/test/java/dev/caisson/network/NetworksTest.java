/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.network.NetworkDefinition.Range;
import dev.caisson.network.PublishedPort.Protocol;
import dev.caisson.network.address.Subnet;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Workloads that really talk to each other, with the programs of the distribution as witnesses. */
@Tag("integration")
class NetworksTest {
  @BeforeEach
  void needsRootAndTools() {
    Assumptions.assumeTrue(Networks.unavailable().isEmpty(), "networks need root");
    Assumptions.assumeTrue(
        Files.isExecutable(Path.of("/usr/bin/nsenter"))
            && Files.isExecutable(Path.of("/bin/busybox")),
        "needs nsenter and busybox");
  }

  private static PublishedPort tcp(int hostPort, int port) {
    return new PublishedPort(Protocol.TCP, Optional.empty(), hostPort, port);
  }

  private static String ping(InetAddress address) {
    return ping(address.getHostAddress());
  }

  /** Three tries, up to the first answer: a busy machine may lose one. */
  private static String ping(String address) {
    String once = "ping -c 1 -W 2 " + address;
    return once + " || " + once + " || " + once;
  }

  /** Three tries, all of which are to remain without an answer. */
  private static String pingInVain(String address) {
    return "ping -c 3 -i 0.2 -W 1 " + address;
  }

  private static String fetch(String address, int port) {
    return "nc -w 3 " + address + " " + port + " </dev/null";
  }

  @Test
  void membersReachEachOtherTheHostAndTheWorld() {
    HostLab.run(lab -> {
      lab.networks.add(lab.red);
      Attachment one = lab.attachment("one", lab.red);
      Attachment two = lab.attachment("two", lab.red);
      Attached first = lab.networks.attach(one);
      lab.networks.attach(two);
      assertThat(lab.inside(first, ping(two.endpoints().getFirst().ipv4()))).endsWith("exit 0");
      assertThat(lab.inside(first, ping(lab.red.ipv4().gateway()))).endsWith("exit 0");
      // The world has no route back: only the host's own address can have reached it.
      assertThat(lab.inside(first, ping(HostLab.WORLD))).endsWith("exit 0");
      assertThat(lab.onHost(ping(one.endpoints().getFirst().ipv4()))).endsWith("exit 0");
      assertThat(lab.inside(first, "ip addr show eth0"))
          .contains("10.71.0.2/32")
          .contains("02:42:0a:47:00:02");
    });
  }

  @Test
  void membersFindEachOtherByName() {
    HostLab.run(lab -> {
      lab.networks.add(lab.red);
      lab.networks.add(lab.blue);
      Attached one = lab.networks.attach(lab.attachment("one", lab.red));
      lab.networks.attach(lab.attachment("database", lab.red));
      lab.networks.attach(lab.attachment("secret", lab.blue));
      String server = " " + lab.red.ipv4().gateway().getHostAddress();
      assertThat(lab.inside(one, "nslookup -type=a DataBase" + server)).contains("10.71.0.3");
      assertThat(lab.inside(one, "nslookup -type=ptr 3.0.71.10.in-addr.arpa" + server))
          .contains("database");
      assertThat(lab.inside(one, "nslookup -type=a secret" + server))
          .contains("NXDOMAIN")
          .doesNotContain("10.72");
      lab.networks.detach("database");
      assertThat(lab.inside(one, "nslookup -type=a database" + server)).contains("NXDOMAIN");
    });
  }

  @Test
  void networksAreWalledOffFromEachOther() {
    HostLab.run(lab -> {
      lab.networks.add(lab.red);
      lab.networks.add(lab.blue);
      Attached one = lab.networks.attach(lab.attachment("one", lab.red));
      Attachment two = lab.attachment("two", lab.blue);
      lab.networks.attach(two);
      String address = two.endpoints().getFirst().ipv4().getHostAddress();
      assertThat(lab.inside(one, pingInVain(address))).endsWith("exit 1");
      lab.networks.connect("two", lab.endpoint("two", lab.red), Optional.empty());
      // The kernel may notice the new wire's carrier a moment later.
      assertThat(lab.inside(one, ping("10.71.0.3"))).endsWith("exit 0");
      lab.networks.disconnect("two", lab.red.id());
      assertThat(lab.inside(one, pingInVain("10.71.0.3"))).endsWith("exit 1");
    });
  }

  @Test
  void internalNetworkHasNoWayOutOrIn() {
    HostLab.run(lab -> {
      NetworkDefinition inner = lab.red.asInternal();
      lab.networks.add(inner);
      Attached one = lab.networks.attach(lab.attachment("one", inner));
      Attachment two = lab.attachment("two", inner);
      lab.networks.attach(two);
      assertThat(lab.inside(one, ping(two.endpoints().getFirst().ipv4()))).endsWith("exit 0");
      String world = HostLab.WORLD.getHostAddress();
      assertThat(lab.inside(one, pingInVain(world))).doesNotEndWith("exit 0");
      lab.inside(one, "ip route add default via 10.71.0.1 dev eth0 onlink");
      assertThat(lab.inside(one, pingInVain(world))).doesNotEndWith("exit 0");
    });
  }

  @Test
  void publishedPortIsReachedFromEverywhere() {
    HostLab.run(lab -> {
      lab.networks.add(lab.red);
      lab.networks.add(lab.blue);
      Attached web = lab.networks.attach(lab.attachment("web", lab.red, tcp(8080, 80)));
      Attached other = lab.networks.attach(lab.attachment("other", lab.blue));
      lab.serve(web, 80, "hello");
      assertThat(lab.inWorld(fetch("192.0.2.1", 8080))).startsWith("hello");
      assertThat(lab.onHost(fetch("192.0.2.1", 8080))).startsWith("hello");
      assertThat(lab.onHost(fetch("127.0.0.1", 8080))).startsWith("hello");
      assertThat(lab.inside(web, fetch("192.0.2.1", 8080))).startsWith("hello"); // hairpin
      assertThat(lab.inside(other, fetch("192.0.2.1", 8080))).startsWith("hello");
      lab.networks.detach("web");
      assertThat(lab.inWorld(fetch("192.0.2.1", 8080))).doesNotContain("hello");
    });
  }

  @Test
  void unpublishedPortIsClosedToTheWorld() {
    HostLab.run(lab -> {
      lab.networks.add(lab.red);
      Attachment quiet = lab.attachment("quiet", lab.red);
      Attached attached = lab.networks.attach(quiet);
      lab.serve(attached, 80, "hidden");
      InetAddress address = quiet.endpoints().getFirst().ipv4();
      lab.routeFromWorld(address);
      assertThat(lab.inWorld(fetch(address.getHostAddress(), 80))).doesNotContain("hidden");
      assertThat(lab.onHost(fetch(address.getHostAddress(), 80))).startsWith("hidden");
    });
  }

  @Test
  void takenPortIsRefusedAndFreedPortIsNot() {
    HostLab.run(lab -> {
      lab.networks.add(lab.red);
      lab.networks.attach(lab.attachment("one", lab.red, tcp(8080, 80)));
      assertThatThrownBy(() -> lab.networks.attach(lab.attachment("two", lab.red, tcp(8080, 81))))
          .isInstanceOfSatisfying(
              NetworkException.class,
              e -> assertThat(e.kind()).isEqualTo(NetworkException.Kind.IN_USE))
          .hasMessageContaining("8080/tcp");
      lab.networks.detach("one");
      lab.networks.attach(lab.attachment("three", lab.red, tcp(8080, 81)));
      Attached chosen = lab.networks.attach(lab.attachment("four", lab.red, tcp(0, 80)));
      assertThat(chosen.ports().getFirst().hostPort()).isBetween(1024, 65_535);
    });
  }

  /** Note 58: a workload sends as somebody else, or to the host's loopback. */
  @Test
  void forgedSendersAndLoopbackAreDropped() {
    HostLab.run(lab -> {
      lab.networks.add(lab.red);
      Attached one = lab.networks.attach(lab.attachment("one", lab.red));
      Attachment two = lab.attachment("two", lab.red);
      lab.networks.attach(two);
      String target = two.endpoints().getFirst().ipv4().getHostAddress();
      lab.inside(one, "ip addr add 10.71.0.99/32 dev eth0");
      assertThat(lab.inside(one, "ping -c 1 -W 1 -I 10.71.0.99 " + target)).endsWith("exit 1");
      lab.inside(one, "ip addr add 10.71.0.1/32 dev eth0"); // the gateway's
      assertThat(lab.inside(one, "ping -c 1 -W 1 -I 10.71.0.1 " + target)).endsWith("exit 1");
      lab.inside(one, "ip addr del 10.71.0.1/32 dev eth0");
      lab.inside(
          one,
          "echo 1 >/proc/sys/net/ipv4/conf/eth0/route_localnet; ip addr del 127.0.0.1/8 dev lo;"
              + " ip route add 127.0.0.1/32 via 10.71.0.1 dev eth0 onlink src 10.71.0.2");
      assertThat(lab.inside(one, "ping -c 1 -W 1 127.0.0.1")).doesNotEndWith("exit 0");
      assertThat(lab.inside(one, ping(InetAddress.ofLiteral("10.71.0.3")))).endsWith("exit 0");
    });
  }

  @Test
  void ipv6MembersReachEachOther() {
    HostLab.run(lab -> {
      NetworkDefinition both = lab.red.withIpv6(Range.of(Subnet.parse("fd71::/64")));
      lab.networks.add(both);
      Attached one = lab.networks.attach(lab.attachment("one", both));
      Attachment two = lab.attachment("two", both);
      lab.networks.attach(two);
      String six = two.endpoints().getFirst().ipv6().orElseThrow().getHostAddress();
      assertThat(lab.inside(one, ping(six))).endsWith("exit 0");
      assertThat(lab.inside(one, ping("fd71::1"))).endsWith("exit 0");
    });
  }

  /** Elements are written by number, the whole table as text: nft must see no difference. */
  @Test
  void portsWrittenToTheKernelAreThoseOfTheText() {
    HostLab.run(lab -> {
      lab.networks.add(lab.red);
      Attachment several =
          lab.attachment(
              "several",
              lab.red,
              tcp(8080, 80),
              new PublishedPort(Protocol.UDP, Optional.of(HostLab.HOST), 5353, 53),
              new PublishedPort(Protocol.SCTP, Optional.of(HostLab.HOST), 9000, 65535));
      var attached = lab.networks.attach(several);
      String written = lab.onHost("nft list table inet caisson_t");
      assertThat(written)
          .contains("tcp . 8080", "192.0.2.1 . udp . 5353", "192.0.2.1 . sctp . 9000", ". 65535")
          .containsOnlyOnce(": 10.71.0.2 . 53");
      lab.networks.reconcile(List.of(lab.red), List.of(several.withPorts(attached.ports())));
      assertThat(words(lab.onHost("nft list table inet caisson_t"))).containsAll(words(written));
      lab.networks.detach("several");
      assertThat(lab.onHost("nft list table inet caisson_t")).doesNotContain(". 8080", ". 5353");
    });
  }

  /** The kernel lists the elements of a set in no order; the name server's are added later. */
  private static List<String> words(String listing) {
    return Stream.of(listing.split("[\\s,]+")).sorted().toList();
  }

  /** Note 60: an engine is killed; the next one finds rules and interfaces of the dead one. */
  @Test
  void restartRestoresExactlyWhatIsExpected() {
    HostLab.run(lab -> {
      lab.networks.add(lab.red);
      lab.networks.add(lab.blue);
      Attachment stays = lab.attachment("stays", lab.red, tcp(8080, 80));
      Attached kept = lab.networks.attach(stays);
      lab.serve(kept, 80, "still here");
      Attached gone = lab.networks.attach(lab.attachment("gone", lab.blue, tcp(8081, 80)));
      lab.serve(gone, 80, "orphan");
      String before = lab.onHost("nft list table inet caisson_t");
      lab.networks.close(); // as after a kill, nothing is taken away
      lab.onHost("nft flush map inet caisson_t published4");
      lab.networks = lab.open();
      lab.networks.reconcile(List.of(lab.red), List.of(stays));
      assertThat(lab.inWorld(fetch("192.0.2.1", 8080))).startsWith("still here");
      assertThat(lab.inWorld(fetch("192.0.2.1", 8081))).doesNotContain("orphan");
      assertThat(lab.onHost("/usr/sbin/ip -o link"))
          .contains("cbt-1")
          .doesNotContain("cbt-2")
          .containsOnlyOnce("group 1 ");
      String after = lab.onHost("nft list table inet caisson_t");
      assertThat(after).contains("tcp . 8080").doesNotContain("8081").doesNotContain("2 . 2");
      assertThat(before).contains("8081");
      lab.networks.detach("stays");
      lab.networks.remove(lab.red);
      assertThat(lab.onHost("/usr/sbin/ip -o link"))
          .doesNotContain("cbt-")
          .doesNotContain("group 1 ");
      assertThat(lab.onHost("nft list tables")).doesNotContain("caisson");
    });
  }

  @Test
  void forwardingIsRecordedAndUndone() {
    HostLab.run(lab -> {
      // A new namespace inherits the machine's own setting, whatever that is now.
      lab.onHost("echo 0 >/proc/sys/net/ipv4/ip_forward");
      lab.networks.add(lab.red);
      assertThat(lab.onHost("cat /proc/sys/net/ipv4/ip_forward")).startsWith("1");
      assertThat(lab.journal.entries).containsEntry("sysctl:net/ipv4/ip_forward", "0");
      lab.networks.remove(lab.red);
      assertThat(lab.onHost("cat /proc/sys/net/ipv4/ip_forward")).startsWith("0");
      assertThat(lab.journal.entries).isEmpty();
    });
  }
}
