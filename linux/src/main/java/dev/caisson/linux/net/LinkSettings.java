/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What an interface should be; what is empty stays as it is. The kernel takes {@code alias} and
 * {@code quiet} of an interface that exists, not with its creation.
 *
 * @param name 1 to 15 bytes without slash or white space
 * @param mtu bytes
 * @param master index of the bridge to join, 0 to leave
 * @param group a number that firewall rules can match, 0 by default
 * @param alias a note for people, at most 255 bytes
 * @param loopbackRouted packets from and to 127.0.0.0/8 may pass, as for redirected local ports
 * @param quiet no IPv6 link-local address, hence no router solicitations or multicast reports
 */
public record LinkSettings(
    Optional<String> name,
    Optional<Boolean> up,
    Optional<MacAddress> mac,
    OptionalInt mtu,
    OptionalInt master,
    OptionalInt group,
    Optional<String> alias,
    boolean quiet,
    boolean loopbackRouted) {
  private static final int LONGEST_NAME = 15;
  private static final int LONGEST_ALIAS = 255;
  private static final int AF_INET = 2;
  private static final int AF_INET6 = 10;
  private static final int ADDRESS_MODE_NONE = 1;
  private static final LinkSettings NONE =
      new LinkSettings(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          OptionalInt.empty(),
          OptionalInt.empty(),
          OptionalInt.empty(),
          Optional.empty(),
          false,
          false);

  public LinkSettings {
    name.ifPresent(LinkSettings::checkedName);
    if (alias.filter(a -> a.getBytes(StandardCharsets.UTF_8).length > LONGEST_ALIAS).isPresent()) {
      throw new IllegalArgumentException("interface alias longer than 255 bytes");
    }
  }

  /** Everything stays as it is. */
  public static LinkSettings none() {
    return NONE;
  }

  /** A name, 1 to 15 bytes, and all else as the kernel makes it. */
  public static LinkSettings named(String name) {
    return new LinkSettings(
        Optional.of(name),
        NONE.up,
        NONE.mac,
        NONE.mtu,
        NONE.master,
        NONE.group,
        NONE.alias,
        false,
        false);
  }

  public LinkSettings up(boolean value) {
    return new LinkSettings(
        name, Optional.of(value), mac, mtu, master, group, alias, quiet, loopbackRouted);
  }

  public LinkSettings mac(MacAddress value) {
    return new LinkSettings(
        name, up, Optional.of(value), mtu, master, group, alias, quiet, loopbackRouted);
  }

  public LinkSettings mtu(int value) {
    return new LinkSettings(
        name, up, mac, OptionalInt.of(value), master, group, alias, quiet, loopbackRouted);
  }

  public LinkSettings master(int value) {
    return new LinkSettings(
        name, up, mac, mtu, OptionalInt.of(value), group, alias, quiet, loopbackRouted);
  }

  public LinkSettings group(int value) {
    return new LinkSettings(
        name, up, mac, mtu, master, OptionalInt.of(value), alias, quiet, loopbackRouted);
  }

  public LinkSettings alias(String value) {
    return new LinkSettings(
        name, up, mac, mtu, master, group, Optional.of(value), quiet, loopbackRouted);
  }

  /** Without an IPv6 address of its own making. */
  public LinkSettings quietly() {
    return new LinkSettings(name, up, mac, mtu, master, group, alias, true, loopbackRouted);
  }

  /** With loopback addresses routed; what must not come in that way needs a firewall rule. */
  public LinkSettings loopbackRouted(boolean value) {
    return new LinkSettings(name, up, mac, mtu, master, group, alias, quiet, value);
  }

  LinkSettings withoutName() {
    return new LinkSettings(
        Optional.empty(), up, mac, mtu, master, group, alias, quiet, loopbackRouted);
  }

  static String checkedName(String name) {
    boolean odd = name.chars().anyMatch(c -> c <= ' ' || c == '/' || c == ':' || c > '~');
    if (odd || name.isEmpty() || name.length() > LONGEST_NAME || name.matches("\\.\\.?")) {
      throw new IllegalArgumentException("not an interface name: \"" + name + "\"");
    }
    return name;
  }

  void write(MessageWriter writer) {
    name.ifPresent(value -> writer.attribute(LinkAttribute.NAME, value));
    mac.ifPresent(value -> writer.attribute(LinkAttribute.ADDRESS, value.toBytes()));
    mtu.ifPresent(value -> writer.attribute(LinkAttribute.MTU, value));
    master.ifPresent(value -> writer.attribute(LinkAttribute.MASTER, value));
    group.ifPresent(value -> writer.attribute(LinkAttribute.GROUP, value));
    alias.ifPresent(value -> writer.attribute(LinkAttribute.ALIAS, value));
    if (quiet || loopbackRouted) {
      writer.nested(LinkAttribute.FAMILY_SPECIFIC, this::writeFamilies);
    }
  }

  private void writeFamilies(MessageWriter families) {
    if (loopbackRouted) {
      families.nested(
          AF_INET,
          inet ->
              inet.nested(
                  LinkAttribute.INET_CONFIGURATION,
                  keys -> keys.attribute(LinkAttribute.INET_ROUTE_LOCALNET, 1)));
    }
    if (quiet) {
      families.nested(
          AF_INET6, inet6 -> inet6.attribute8(LinkAttribute.INET6_ADDRESS_MODE, ADDRESS_MODE_NONE));
    }
  }
}
