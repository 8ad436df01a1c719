/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

/** Numbers of interface attributes. include/uapi/linux/if_link.h */
final class LinkAttribute {
  static final int ADDRESS = 1; // IFLA_ADDRESS
  static final int NAME = 3;
  static final int MTU = 4;
  static final int MASTER = 10;
  static final int INFO = 18; // IFLA_LINKINFO
  static final int ALIAS = 20;
  static final int FAMILY_SPECIFIC = 26; // IFLA_AF_SPEC
  static final int GROUP = 27;
  static final int NAMESPACE_FD = 28;
  static final int INFO_KIND = 1;
  static final int INFO_DATA = 2;
  static final int VETH_PEER = 1;
  static final int INET_CONFIGURATION = 1; // IFLA_INET_CONF
  static final int INET_ROUTE_LOCALNET = 26; // IPV4_DEVCONF_ROUTE_LOCALNET of linux/ip.h
  static final int INET6_ADDRESS_MODE = 8; // IFLA_INET6_ADDR_GEN_MODE
  static final int HEADER = 16; // struct ifinfomsg
  static final int FLAG_UP = 1; // IFF_UP

  private LinkAttribute() {}

  /** struct ifinfomsg: family, padding, type, index, flags, mask of the flags that count. */
  static void header(MessageWriter writer, int index, LinkSettings settings) {
    int up = settings.up().filter(Boolean::booleanValue).isPresent() ? FLAG_UP : 0;
    int mask = settings.up().isPresent() ? FLAG_UP : 0;
    writer.int8(0).int8(0).int16(0).int32(index).int32(up).int32(mask);
  }
}
