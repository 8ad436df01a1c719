/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import dev.caisson.virtio.queue.LittleEndian;

/**
 * What a guest whose addresses are known may say of its neighbourhood in IPv6: it is no router, and
 * answers for its own addresses only. RFC 4861; fragments of such messages nobody takes, RFC 6980.
 */
final class NeighbourRules {
  private static final int HOP_BY_HOP = 0;
  private static final int ROUTING = 43;
  private static final int ICMP = 58;
  private static final int DESTINATION = 60;
  private static final int MOST_HEADERS = 8;

  private static final int ROUTER_ADVERTISEMENT = 134;
  private static final int NEIGHBOUR_ADVERTISEMENT = 136;
  private static final int REDIRECT = 137;

  private static final int NEXT = Frame.HEADER + Frame.ETHERNET + 6;
  private static final int FIRST = Frame.HEADER + Frame.ETHERNET + 40;
  private static final int TARGET = 8;
  private static final int ADDRESS = 16;

  private NeighbourRules() {}

  /**
   * The place in the frame's head of the address that an advertisement is about.
   *
   * @return -1 for what no guest may send, 0 for all that is no advertisement
   */
  static int target(Frame frame) {
    int kind = byteAt(frame, NEXT);
    int at = FIRST;
    for (int i = 0; kind == HOP_BY_HOP || kind == ROUTING || kind == DESTINATION; i++) {
      if (i == MOST_HEADERS || at + 8 > frame.kept()) {
        return -1; // what is behind them cannot be seen
      }
      kind = byteAt(frame, at);
      at += 8 * (byteAt(frame, at + 1) + 1);
    }
    if (kind != ICMP) {
      return 0;
    }
    if (at >= frame.kept()) {
      return -1;
    }
    return switch (byteAt(frame, at)) {
      case ROUTER_ADVERTISEMENT, REDIRECT -> -1;
      case NEIGHBOUR_ADVERTISEMENT -> at + TARGET + ADDRESS > frame.kept() ? -1 : at + TARGET;
      default -> 0;
    };
  }

  private static int byteAt(Frame frame, int at) {
    return Byte.toUnsignedInt(frame.head.get(LittleEndian.U8, at));
  }
}
