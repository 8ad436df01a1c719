/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;

/**
 * Cuts a TCP frame that is larger than the link into frames that are not, for receivers that take
 * no other. One object serves one receiver.
 */
final class Segmenter {
  private static final int MOST_SEGMENTS = 256;
  private static final int VLAN = 0x8100;
  private static final int TCP = 6;
  private static final int CHECKSUM_OF_TCP = 16;
  private static final int FINISH_AND_PUSH = 0x09;
  private static final int WINDOW_REDUCED = 0x80;

  private final Frame small = new Frame();
  private Frame big = small;
  private boolean version4;
  private int ip;
  private int tcp;
  private int headers;
  private int count;

  /**
   * Looks at a frame.
   *
   * @return how many it becomes; 0 when its headers are not what it says
   */
  int open(Frame frame) {
    big = frame;
    version4 = frame.segmentation() == Frame.TCP4;
    MemorySegment head = frame.head;
    ip = Frame.ETHERNET + (frame.etherType() == VLAN ? 4 : 0);
    tcp = frame.checksumStart();
    int smallestIp = version4 ? 20 : 40;
    if (tcp < ip + smallestIp
        || tcp + 20 > frame.kept() - Frame.HEADER
        || frame.checksumOffset() != CHECKSUM_OF_TCP) {
      return 0;
    }
    int first = Byte.toUnsignedInt(head.get(LittleEndian.U8, Frame.HEADER + ip));
    if (first >> 4 != (version4 ? 4 : 6) || (version4 && tcp - ip != (first & 15) * 4)) {
      return 0;
    }
    headers = tcp + ((head.get(LittleEndian.U8, Frame.HEADER + tcp + 12L) >> 2) & 0x3c);
    long payload = frame.length() - Frame.HEADER - headers;
    if (headers < tcp + 20 || headers > frame.kept() - Frame.HEADER || payload <= 0) {
      return 0;
    }
    long segments = (payload + frame.segmentSize() - 1) / frame.segmentSize();
    count = segments > MOST_SEGMENTS ? 0 : (int) segments;
    return count;
  }

  /** One of the frames that {@link #open} counted; valid until the next call. */
  Frame segment(int index) {
    long from = (long) index * big.segmentSize();
    long payload = big.length() - Frame.HEADER - headers;
    long bytes = Math.min(big.segmentSize(), payload - from);
    MemorySegment head = small.head;
    MemorySegment.copy(big.head, 0, head, 0, (long) Frame.HEADER + headers);
    small.begin(Frame.HEADER + headers, big, Frame.HEADER + headers + from, bytes);
    small.plain();
    ipHeader(head, index, headers - ip + bytes);
    long sequence = Frame.HEADER + tcp + 4L;
    head.set(Frame.BIG32, sequence, head.get(Frame.BIG32, sequence) + (int) from);
    long flags = Frame.HEADER + tcp + 13L;
    int said = head.get(LittleEndian.U8, flags);
    said = index == count - 1 ? said : said & ~FINISH_AND_PUSH;
    head.set(LittleEndian.U8, flags, (byte) (index == 0 ? said : said & ~WINDOW_REDUCED));
    tcpChecksum(head, headers - tcp + bytes);
    return small;
  }

  private void ipHeader(MemorySegment head, int index, long size) {
    long at = (long) Frame.HEADER + ip;
    if (!version4) {
      head.set(Frame.BIG16, at + 4, (short) (size - 40));
      return;
    }
    head.set(Frame.BIG16, at + 2, (short) size);
    head.set(Frame.BIG16, at + 4, (short) (head.get(Frame.BIG16, at + 4) + index));
    head.set(Frame.BIG16, at + 10, (short) 0);
    head.set(Frame.BIG16, at + 10, Frame.fold(small.sum(ip, tcp - ip)));
  }

  private void tcpChecksum(MemorySegment head, long size) {
    long field = Frame.HEADER + tcp + (long) CHECKSUM_OF_TCP;
    head.set(Frame.BIG16, field, (short) 0);
    long addresses = version4 ? small.sum(ip + 12, 8) : small.sum(ip + 8, 32);
    long sum = addresses + TCP + size + small.sum(tcp, size);
    head.set(Frame.BIG16, field, Frame.fold(sum));
  }
}
