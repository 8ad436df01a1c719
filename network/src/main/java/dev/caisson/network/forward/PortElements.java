/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.forward;

import dev.caisson.linux.net.SetElement;
import dev.caisson.network.Attachment;
import dev.caisson.network.Endpoint;
import dev.caisson.network.PublishedPort;
import java.io.ByteArrayOutputStream;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the published ports of a workload are in the sets of the {@link Ruleset}: the same elements
 * as its text has, for the kernel. Pure.
 */
public final class PortElements {
  private PortElements() {}

  /**
   * Empty for a workload that publishes nothing.
   *
   * @param relayed whether a relay outside has chosen among the host's addresses already; see
   *     {@link Ruleset}
   */
  public static List<SetElement> of(Attachment attachment, boolean relayed) {
    List<SetElement> elements = new ArrayList<>();
    if (attachment.ports().isEmpty() || attachment.endpoints().isEmpty()) {
      return elements;
    }
    Endpoint target = attachment.endpoints().getFirst();
    elements.add(hairpin("hairpin4", target.ipv4()));
    target.ipv6().ifPresent(six -> elements.add(hairpin("hairpin6", six)));
    for (PublishedPort published : attachment.ports()) {
      PublishedPort port = relayed ? published.anywhere() : published;
      if (port.hostAddress().filter(a -> a instanceof Inet6Address).isEmpty()) {
        elements.add(published("4", port, target.ipv4()));
      }
      if (port.hostAddress().filter(a -> !(a instanceof Inet6Address)).isEmpty()) {
        target.ipv6().ifPresent(six -> elements.add(published("6", port, six)));
      }
    }
    return elements;
  }

  private static SetElement hairpin(String set, InetAddress address) {
    return new SetElement(
        set, new Fields().address(address).address(address).bytes(), Optional.empty());
  }

  private static SetElement published(String version, PublishedPort port, InetAddress target) {
    Fields key = new Fields();
    port.hostAddress().ifPresent(key::address);
    key.protocol(port.protocol()).port(port.hostPort());
    String map = port.hostAddress().isPresent() ? "published_at" : "published";
    Fields data = new Fields().address(target).port(port.port());
    return new SetElement(map + version, key.bytes(), Optional.of(data.bytes()));
  }

  /** The fields of a concatenation, each padded to four bytes. */
  private static final class Fields {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    Fields address(InetAddress address) {
      bytes.writeBytes(address.getAddress());
      return this;
    }

    /** Protocol numbers of IP. iana.org, linux/in.h */
    Fields protocol(PublishedPort.Protocol protocol) {
      int number =
          switch (protocol) {
            case TCP -> 6;
            case UDP -> 17;
            case SCTP -> 132;
          };
      bytes.writeBytes(new byte[] {(byte) number, 0, 0, 0});
      return this;
    }

    Fields port(int port) {
      bytes.writeBytes(new byte[] {(byte) (port >> 8), (byte) port, 0, 0});
      return this;
    }

    byte[] bytes() {
      return bytes.toByteArray();
    }
  }
}
