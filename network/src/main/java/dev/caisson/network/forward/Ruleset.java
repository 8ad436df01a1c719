/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.forward;

import dev.caisson.network.Attachment;
import dev.caisson.network.Endpoint;
import dev.caisson.network.NetworkDefinition;
import dev.caisson.network.PublishedPort;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The firewall as text for nft(8): one table with a fixed handful of rules, and sets and maps that
 * grow with networks and published ports. No rule is added per workload. Pure.
 *
 * <p>A workload's sender address is checked against the routing table ({@code fib saddr . iif}):
 * the route to it must lead back through the interface it came from, and each interface has one
 * route per address. That needs no set to keep.
 *
 * @param table name in family inet
 * @param links what the names of our interfaces to workloads start with
 * @param relayed whether published ports come from outside through a relay, which has chosen among
 *     the host's addresses already
 */
public record Ruleset(String table, String links, boolean relayed) {

  /** The whole table with everything in it, replacing what is there in one transaction. */
  public String whole(Collection<NetworkDefinition> networks, Collection<Attachment> attachments) {
    StringBuilder text = new StringBuilder();
    text.append("table inet ").append(table).append("\n");
    text.append("delete table inet ").append(table).append("\n");
    text.append(SKELETON.replace("TABLE", table).replace("LINKS", links));
    networks.forEach(network -> text.append(add(network)));
    attachments.forEach(attachment -> text.append(add(attachment)));
    return text.toString();
  }

  /** Removes the table, also when it does not exist. */
  public String gone() {
    return "table inet " + table + "\ndelete table inet " + table + "\n";
  }

  public String add(NetworkDefinition network) {
    return elements("add", network);
  }

  public String remove(NetworkDefinition network) {
    return elements("delete", network);
  }

  /** Opens the published ports of a workload; nothing to do for one without. */
  public String add(Attachment attachment) {
    return elements("add", attachment);
  }

  public String remove(Attachment attachment) {
    return elements("delete", attachment);
  }

  /** Leads a port of one address of the host to another port of that address. */
  public String redirect(PublishedPort.Protocol protocol, InetAddress address, int from, int to) {
    String key = address.getHostAddress() + " . " + word(protocol) + " . " + from;
    return element("add", "published_at4", key + " : " + address.getHostAddress() + " . " + to);
  }

  /** Undoes {@link #redirect}. */
  public String removeRedirect(PublishedPort.Protocol protocol, InetAddress address, int from) {
    String key = address.getHostAddress() + " . " + word(protocol) + " . " + from;
    return element("delete", "published_at4", key);
  }

  private String elements(String verb, NetworkDefinition network) {
    StringBuilder text = new StringBuilder();
    if (network.together()) {
      text.append(element(verb, "together", network.number() + " . " + network.number()));
    }
    if (network.internal()) {
      text.append(element(verb, "internal", Integer.toString(network.number())));
    } else if (network.masquerade()) {
      text.append(element(verb, "masqueraded4", network.ipv4().subnet().toString()));
      network
          .ipv6()
          .ifPresent(r -> text.append(element(verb, "masqueraded6", r.subnet().toString())));
    }
    return text.toString();
  }

  private String elements(String verb, Attachment attachment) {
    if (attachment.ports().isEmpty() || attachment.endpoints().isEmpty()) {
      return "";
    }
    Endpoint target = attachment.endpoints().getFirst();
    StringBuilder text = new StringBuilder();
    String own = target.ipv4().getHostAddress();
    text.append(element(verb, "hairpin4", own + " . " + own));
    target
        .ipv6()
        .map(InetAddress::getHostAddress)
        .ifPresent(six -> text.append(element(verb, "hairpin6", six + " . " + six)));
    for (String map : List.of("published4", "published_at4", "published6", "published_at6")) {
      List<String> entries = new ArrayList<>();
      for (PublishedPort port : attachment.ports()) {
        entry(map, relayed ? port.anywhere() : port, target).ifPresent(entries::add);
      }
      if (!entries.isEmpty()) {
        text.append(element(verb, map, String.join(", ", entries)));
      }
    }
    return text.toString();
  }

  private static Optional<String> entry(String map, PublishedPort port, Endpoint target) {
    boolean six = map.endsWith("6");
    boolean anywhere = !map.contains("_at");
    Optional<InetAddress> address = six ? target.ipv6() : Optional.of(target.ipv4());
    boolean fits =
        anywhere == port.hostAddress().isEmpty()
            && port.hostAddress().filter(a -> a instanceof Inet6Address != six).isEmpty();
    if (!fits || address.isEmpty()) {
      return Optional.empty();
    }
    String at = port.hostAddress().map(a -> a.getHostAddress() + " . ").orElse("");
    return Optional.of(
        at
            + word(port.protocol())
            + " . "
            + port.hostPort()
            + " : "
            + address.get().getHostAddress()
            + " . "
            + port.port());
  }

  private String element(String verb, String set, String content) {
    return verb + " element inet " + table + " " + set + " { " + content + " }\n";
  }

  private static String word(PublishedPort.Protocol protocol) {
    return protocol.name().toLowerCase(Locale.ROOT);
  }

  private static final String SKELETON =
      """
      table inet TABLE {
        set together { type devgroup . devgroup; }
        set internal { type devgroup; }
        set masqueraded4 { type ipv4_addr; flags interval; }
        set masqueraded6 { type ipv6_addr; flags interval; }
        set hairpin4 { type ipv4_addr . ipv4_addr; }
        set hairpin6 { type ipv6_addr . ipv6_addr; }
        map published4 { type inet_proto . inet_service : ipv4_addr . inet_service; }
        map published6 { type inet_proto . inet_service : ipv6_addr . inet_service; }
        map published_at4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service; }
        map published_at6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service; }

        chain spoofing {
          type filter hook prerouting priority raw; policy accept;
          iifname != "LINKS*" accept
          ip daddr 127.0.0.0/8 drop
          ip6 saddr fe80::/10 accept
          fib saddr . iif oif missing drop
        }
        chain prerouting {
          type nat hook prerouting priority dstnat; policy accept;
          fib daddr type local jump publish
        }
        chain output {
          type nat hook output priority -100; policy accept;
          fib daddr type local jump publish
        }
        chain publish {
          dnat ip to ip daddr . meta l4proto . th dport map @published_at4
          dnat ip6 to ip6 daddr . meta l4proto . th dport map @published_at6
          meta nfproto ipv4 dnat ip to meta l4proto . th dport map @published4
          meta nfproto ipv6 dnat ip6 to meta l4proto . th dport map @published6
        }
        chain postrouting {
          type nat hook postrouting priority srcnat; policy accept;
          ip saddr . ip daddr @hairpin4 masquerade
          ip6 saddr . ip6 daddr @hairpin6 masquerade
          oifname "LINKS*" ip saddr 127.0.0.0/8 masquerade
          oifname "LINKS*" accept
          ip saddr @masqueraded4 masquerade
          ip6 saddr @masqueraded6 masquerade
        }
        chain forward {
          type filter hook forward priority filter; policy accept;
          iifname "LINKS*" jump outgoing
          oifname "LINKS*" jump incoming
        }
        chain outgoing {
          meta iifgroup . meta oifgroup @together accept
          ct state established,related accept
          meta iifgroup @internal drop
          ct status dnat accept
          oifname "LINKS*" drop
        }
        chain incoming {
          ct state established,related accept
          meta oifgroup @internal drop
          ct status dnat accept
          drop
        }
      }
      """;
}
