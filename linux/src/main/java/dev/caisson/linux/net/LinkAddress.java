/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

import java.net.InetAddress;
import java.net.UnknownHostException;

/** An address of an interface. */
public record LinkAddress(int index, InetAddress address, int prefixLength) {
  private static final int HEADER = 8; // struct ifaddrmsg
  private static final int IFA_ADDRESS = 1;
  private static final int IFA_LOCAL = 2;

  static LinkAddress parse(Message message) {
    var fixed = message.fixedPart(HEADER);
    Attributes attributes = message.attributes(HEADER);
    byte[] bytes =
        attributes
            .bytes(IFA_LOCAL)
            .or(() -> attributes.bytes(IFA_ADDRESS))
            .orElseThrow(() -> new MalformedMessageException("address without an address"));
    return new LinkAddress(fixed.getInt(4), address(bytes), fixed.get(1) & 0xff);
  }

  static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new MalformedMessageException("address of " + bytes.length + " bytes");
    }
  }
}
