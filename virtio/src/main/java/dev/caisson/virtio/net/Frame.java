/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import dev.caisson.virtio.Features;
import dev.caisson.virtio.queue.Buffers;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A frame on its way, behind its struct virtio_net_hdr. virtio 1.2, section 5.1.6
 *
 * <p>Everything that is decided on lies in the first bytes, of which this is a private copy: what
 * is checked is what arrives, whatever the sending guest does meanwhile. The rest stays where it is
 * until the receiver copies it. One object serves one sender, frame after frame.
 */
public final class Frame {
  /** Bytes of the virtio header in front of the Ethernet header. */
  public static final int HEADER = 12;

  /** Copied: the virtio header, and Ethernet, IP and TCP headers with all their options. */
  static final int KEPT = HEADER + 148;

  static final int ETHERNET = 14;
  static final int LONGEST = HEADER + 65_550;
  private static final int VLAN_TAG = 4;

  private static final int NEEDS_CHECKSUM = 1;
  static final int NO_SEGMENTS = 0;
  static final int TCP4 = 1;
  static final int TCP6 = 4;

  static final ValueLayout.OfShort BIG16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfInt BIG32 =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  static final ValueLayout.OfLong BIG64 =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  final MemorySegment head = Arena.ofAuto().allocate(KEPT, 8);
  private int kept;
  private Buffers source = Buffers.NONE;
  private long shift;
  private long length;

  Frame() {}

  /** Begins with what a guest or a tap offers; answers whether it can be a frame at all. */
  boolean begin(Buffers bytes) {
    source = bytes;
    length = bytes.length();
    kept = (int) bytes.copyTo(0, head);
    shift = kept;
    return length >= HEADER + ETHERNET && length <= LONGEST;
  }

  /** Begins with headers in {@link #head} and bytes of another frame behind them. */
  void begin(int headers, Frame other, long from, long bytes) {
    kept = headers;
    length = headers + bytes;
    source = other.source;
    shift = from - other.kept + other.shift;
  }

  /**
   * Proves the virtio header sane for a sender that agreed to these features, and drops from it
   * what receivers need not see.
   *
   * @param mtu the largest payload of one frame on the wire, bytes
   * @return whether the frame may go on
   */
  boolean admit(long features, int mtu) {
    int segments = segmentation();
    boolean partial = needsChecksum();
    head.set(LittleEndian.U8, 0, (byte) (partial ? NEEDS_CHECKSUM : 0));
    head.set(LittleEndian.U16, 10, (short) 0);
    if (partial && !admitChecksum(features)) {
      return false;
    }
    if (segments == NO_SEGMENTS) {
      head.set(LittleEndian.U32, 2, 0); // header length and segment size
      if (!partial) {
        head.set(LittleEndian.U32, 6, 0);
      }
      return length <= HEADER + ETHERNET + VLAN_TAG + mtu;
    }
    long needed =
        switch (segments) {
          case TCP4 -> NetFeatures.HOST_TSO4;
          case TCP6 -> NetFeatures.HOST_TSO6;
          default -> 0;
        };
    if (needed == 0 || !Features.has(features, needed) || !partial || segmentSize() == 0) {
      return false;
    }
    int headers = Short.toUnsignedInt(head.get(LittleEndian.U16, 2));
    head.set(LittleEndian.U16, 2, (short) Math.min(headers, length - HEADER));
    return true;
  }

  private boolean admitChecksum(long features) {
    long end = (long) checksumStart() + checksumOffset() + 2;
    return Features.has(features, NetFeatures.CHECKSUM)
        && checksumStart() >= ETHERNET
        && end <= length - HEADER;
  }

  /** Bytes with the virtio header. */
  long length() {
    return length;
  }

  int kept() {
    return kept;
  }

  boolean needsChecksum() {
    return (head.get(LittleEndian.U8, 0) & NEEDS_CHECKSUM) != 0;
  }

  int segmentation() {
    return Byte.toUnsignedInt(head.get(LittleEndian.U8, 1));
  }

  int segmentSize() {
    return Short.toUnsignedInt(head.get(LittleEndian.U16, 4));
  }

  /** From the Ethernet header on, as the next. */
  int checksumStart() {
    return Short.toUnsignedInt(head.get(LittleEndian.U16, 6));
  }

  int checksumOffset() {
    return Short.toUnsignedInt(head.get(LittleEndian.U16, 8));
  }

  void plain() {
    head.asSlice(0, HEADER).fill((byte) 0);
  }

  void buffers(int count) {
    head.set(LittleEndian.U16, 10, (short) count);
  }

  long destination() {
    return head.get(BIG64, HEADER) >>> 16;
  }

  long source() {
    return head.get(BIG64, HEADER + 6L) >>> 16;
  }

  int etherType() {
    return Short.toUnsignedInt(head.get(BIG16, HEADER + 12L));
  }

  /** Group addresses have the lowest bit of their first byte set. */
  static boolean group(long address) {
    return (address >>> 40 & 1) != 0;
  }

  /** Copies from an offset on, as much as fits; answers how much. */
  long copyTo(long offset, Buffers target) {
    long done = 0;
    if (offset < kept) {
      done = target.copyFrom(head.asSlice(offset, kept - offset), 0);
    }
    long at = offset + done;
    long left = Math.min(length - at, target.length() - done);
    if (left > 0) {
      Buffers wanted = done + left == target.length() ? target : target.range(0, done + left);
      done += source.copyTo(shift + at - kept, wanted, done);
    }
    return done;
  }

  /** The parts for one vectored write; answers how many, or -1 when there are more than fit. */
  int parts(MemorySegment[] target) {
    target[0] = head.asSlice(0, kept);
    if (length == kept) {
      return 1;
    }
    Buffers rest = source.range(shift, length - kept);
    if (rest.count() + 1 > target.length) {
      return -1;
    }
    for (int i = 0; i < rest.count(); i++) {
      target[i + 1] = rest.part(i);
    }
    return rest.count() + 1;
  }

  /**
   * Adds 16-bit words in network order, as IP checksums do.
   *
   * @param from offset behind the virtio header, even counted from the sum's beginning
   */
  long sum(long from, long bytes) {
    long start = HEADER + from;
    long end = start + bytes;
    long sum = 0;
    boolean high = true;
    long inHead = Math.min(end, kept);
    for (long at = start; at < inHead; at++) {
      sum += word(head.get(LittleEndian.U8, at), high);
      high = !high;
    }
    long skip = Math.max(start, kept) - kept + shift;
    long left = end - Math.max(start, kept);
    for (int i = 0; i < source.count() && left > 0; i++) {
      MemorySegment part = source.part(i);
      if (skip >= part.byteSize()) {
        skip -= part.byteSize();
        continue;
      }
      for (; skip < part.byteSize() && left > 0; skip++, left--) {
        sum += word(part.get(LittleEndian.U8, skip), high);
        high = !high;
      }
      skip = 0;
    }
    return sum;
  }

  private static int word(byte value, boolean high) {
    int number = Byte.toUnsignedInt(value);
    return high ? number << 8 : number;
  }

  /** The checksum that belongs to a sum. RFC 1071 */
  static short fold(long sum) {
    long folded = sum;
    while (folded >>> 16 != 0) {
      folded = (folded & 0xffff) + (folded >>> 16);
    }
    return (short) ~folded;
  }

  /**
   * Completes the checksum that the sender left out; answers whether it could: the field must lie
   * in the private copy.
   */
  boolean completeChecksum() {
    int start = checksumStart();
    int field = HEADER + start + checksumOffset();
    if (field + 2 > kept) {
      return false;
    }
    short checksum = fold(sum(start, length - HEADER - start));
    head.set(BIG16, field, checksum == 0 ? (short) -1 : checksum);
    plain();
    return true;
  }
}
