/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

import java.util.Optional;

/**
 * An interface as the kernel describes it.
 *
 * @param kind {@code veth}, {@code bridge}...; empty for hardware and loopback
 * @param master index of the bridge it belongs to, 0 for none
 */
public record Link(
    int index,
    String name,
    boolean up,
    Optional<MacAddress> mac,
    int mtu,
    int master,
    int group,
    String alias,
    String kind) {

  static Link parse(Message message) {
    var fixed = message.fixedPart(LinkAttribute.HEADER);
    Attributes attributes = message.attributes(LinkAttribute.HEADER);
    return new Link(
        fixed.getInt(4),
        attributes.string(LinkAttribute.NAME).orElse(""),
        (fixed.getInt(8) & LinkAttribute.FLAG_UP) != 0,
        attributes.bytes(LinkAttribute.ADDRESS).filter(b -> b.length == 6).map(MacAddress::of),
        attributes.int32(LinkAttribute.MTU, 0),
        attributes.int32(LinkAttribute.MASTER, 0),
        attributes.int32(LinkAttribute.GROUP, 0),
        attributes.string(LinkAttribute.ALIAS).orElse(""),
        attributes
            .nested(LinkAttribute.INFO)
            .flatMap(info -> info.string(LinkAttribute.INFO_KIND))
            .orElse(""));
  }
}
