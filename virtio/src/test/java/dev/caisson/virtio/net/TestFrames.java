/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import dev.caisson.linux.net.MacAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;

/** Frames as a guest writes them, virtio header first. */
final class TestFrames {
  private TestFrames() {}

  /** Of an experimental EtherType, which carries anything. */
  static byte[] plain(MacAddress from, MacAddress to, int payload) {
    return ethernet(from, to, 0x88b5, new byte[payload]);
  }

  static byte[] ethernet(MacAddress from, MacAddress to, int type, byte[] payload) {
    ByteBuffer bytes = ByteBuffer.allocate(Frame.HEADER + Frame.ETHERNET + payload.length);
    bytes.position(Frame.HEADER);
    bytes.put(to.toBytes()).put(from.toBytes()).putShort((short) type).put(payload);
    return bytes.array();
  }

  static byte[] header(byte[] frame, int flags, int kind, int size, int start, int offset) {
    ByteBuffer header = ByteBuffer.wrap(frame).order(ByteOrder.LITTLE_ENDIAN);
    header.put(0, (byte) flags).put(1, (byte) kind).putShort(4, (short) size);
    header.putShort(6, (short) start).putShort(8, (short) offset);
    return frame;
  }

  /** TCP over IPv4 with the checksum of its pseudo header, as an offloading sender leaves it. */
  static byte[] tcp4(MacAddress from, MacAddress to, int payload) {
    ByteBuffer ip = ByteBuffer.allocate(40 + payload);
    ip.put((byte) 0x45).put((byte) 0).putShort((short) (40 + payload)).putShort((short) 100);
    ip.putShort((short) 0x4000).put((byte) 64).put((byte) 6).putShort((short) 0);
    ip.putInt(0x0a000001).putInt(0x0a000002);
    ip.putShort((short) 1000).putShort((short) 2000).putInt(5_000_000).putInt(7);
    ip.put((byte) 0x50).put((byte) 0x19).putShort((short) 500);
    long pseudo = 0x0a00 + 0x0001 + 0x0a00 + 0x0002 + 6 + 20 + payload;
    ip.putShort((short) ~Frame.fold(pseudo)).putShort((short) 0);
    for (int i = 0; i < payload; i++) {
      ip.put((byte) (i * 7));
    }
    return ethernet(from, to, 0x0800, ip.array());
  }

  /**
   * A message of ICMPv6 about an address, perhaps behind another header.
   *
   * @param before extension headers, the first of which says hop by hop
   */
  static byte[] icmp6(
      MacAddress from, MacAddress to, byte[] source, int type, byte[] about, byte... before) {
    ByteBuffer ip = ByteBuffer.allocate(40 + before.length + 24);
    ip.putInt(0x6000_0000).putShort((short) (before.length + 24));
    ip.put((byte) (before.length == 0 ? 58 : 0)).put((byte) 255);
    ip.put(source).put(about).put(before);
    ip.put((byte) type).put(new byte[7]).put(about);
    return ethernet(from, to, 0x86dd, ip.array());
  }

  static byte[] arp(MacAddress from, MacAddress claimed, int address) {
    ByteBuffer arp = ByteBuffer.allocate(28);
    arp.putShort((short) 1).putShort((short) 0x0800).put((byte) 6).put((byte) 4);
    arp.putShort((short) 1).put(claimed.toBytes()).putInt(address);
    return ethernet(from, new MacAddress(0xffff_ffff_ffffL), 0x0806, arp.array());
  }

  /** Whether header and TCP checksum of an IPv4 frame are right. */
  static boolean checksumsHold(byte[] frame) {
    int ip = Frame.HEADER + Frame.ETHERNET;
    int size = ((frame[ip + 2] & 0xff) << 8) + (frame[ip + 3] & 0xff);
    byte[] segment = Arrays.copyOfRange(frame, ip + 20, ip + size);
    long sum = sum(segment, 0, segment.length) + sum(frame, ip + 12, 8) + 6 + segment.length;
    return Frame.fold(sum(frame, ip, 20)) == 0 && Frame.fold(sum) == 0;
  }

  private static long sum(byte[] bytes, int from, int count) {
    long sum = 0;
    for (int i = 0; i < count; i++) {
      sum += (long) (bytes[from + i] & 0xff) << (i % 2 == 0 ? 8 : 0);
    }
    return sum;
  }
}
