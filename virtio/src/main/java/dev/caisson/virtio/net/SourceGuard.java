/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import dev.caisson.linux.net.MacAddress;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Whether a frame says it is from whom it is.
 *
 * <p>The hardware address always has to be the port's own, in ARP as well; network addresses only
 * if the port has a list of them. A frame with a VLAN tag, behind which anything could hide, is
 * then refused.
 */
final class SourceGuard {
  private static final int IPV4 = 0x0800;
  private static final int ARP = 0x0806;
  private static final int IPV6 = 0x86dd;
  private static final int NETWORK = Frame.HEADER + Frame.ETHERNET;

  private final long hardware;
  private final boolean listed;
  private final int[] version4;
  private final List<byte[]> version6;

  /**
   * @param addresses empty to permit any
   */
  SourceGuard(MacAddress hardware, Set<InetAddress> addresses) {
    this.hardware = hardware.bits();
    this.listed = !addresses.isEmpty();
    this.version4 =
        addresses.stream()
            .filter(Inet4Address.class::isInstance)
            .mapToInt(address -> ByteBuffer.wrap(address.getAddress()).getInt())
            .toArray();
    this.version6 =
        addresses.stream()
            .filter(address -> !(address instanceof Inet4Address))
            .map(InetAddress::getAddress)
            .toList();
  }

  long hardware() {
    return hardware;
  }

  boolean permits(Frame frame) {
    if (frame.source() != hardware) {
      return false;
    }
    return switch (frame.etherType()) {
      case ARP -> permitsArp(frame);
      case IPV4 ->
          !listed || (has(frame, 20) && permits4(frame.head.get(Frame.BIG32, NETWORK + 12)));
      case IPV6 -> !listed || (has(frame, 40) && permits6(frame, NETWORK + 8) && saysRight(frame));
      default -> !listed;
    };
  }

  private static boolean has(Frame frame, int bytes) {
    return frame.kept() >= NETWORK + bytes;
  }

  private boolean permitsArp(Frame frame) {
    if (!has(frame, 28)) {
      return false;
    }
    long sender = frame.head.get(Frame.BIG64, NETWORK + 8) >>> 16;
    int address = frame.head.get(Frame.BIG32, NETWORK + 14);
    return sender == hardware && (!listed || address == 0 || permits4(address));
  }

  private boolean permits4(int address) {
    if (address == 0) {
      return true; // who asks for an address has none yet
    }
    for (int one : version4) {
      if (one == address) {
        return true;
      }
    }
    return false;
  }

  private boolean saysRight(Frame frame) {
    int target = NeighbourRules.target(frame);
    return target == 0 || (target > 0 && permits6(frame, target));
  }

  private boolean permits6(Frame frame, int at) {
    byte[] address = frame.head.asSlice(at, 16).toArray(ValueLayout.JAVA_BYTE);
    boolean linkLocal = (address[0] & 0xff) == 0xfe && (address[1] & 0xc0) == 0x80;
    boolean none = Arrays.equals(address, new byte[16]);
    return linkLocal || none || version6.stream().anyMatch(one -> Arrays.equals(one, address));
  }
}
