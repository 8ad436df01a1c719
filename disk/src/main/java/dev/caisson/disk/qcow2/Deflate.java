/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * A raw deflate encoder whose matches reach at most 4 KiB back.
 *
 * <p>Exists because QEMU unpacks clusters with a window of 12 bits, which the JDK's deflater cannot
 * be told to keep to. It searches as zlib's level 6 does (hash chains, one step of lazy
 * evaluation), and writes each block with codes of its own. RFC 1951
 */
final class Deflate {
  private static final int WINDOW = 1 << 12;
  private static final int HASH_BITS = 14;
  private static final int MIN_MATCH = 3;
  private static final int MAX_MATCH = 258;
  private static final int MAX_CHAIN = 128;
  private static final int GOOD = 8;
  private static final int LAZY = 16;
  private static final int NICE = 128;

  /** Three bytes this far apart cost more as a match than as literals. */
  private static final int TOO_FAR = 4096;

  private static final int BLOCK_TOKENS = 1 << 15;
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  /** Tables are large beside a cluster's work, so encoders are used again. */
  private static final Queue<Deflate> IDLE = new ConcurrentLinkedQueue<>();

  private final int[] head = new int[1 << HASH_BITS];
  private final int[] previous = new int[WINDOW];
  private final DeflateBlock block = new DeflateBlock(BLOCK_TOKENS);
  private byte[] source = new byte[0];
  private int length;
  private int matchStart;

  private Deflate() {}

  /**
   * Packs the first {@code length} bytes of {@code source}.
   *
   * @return how many bytes of {@code target} were used; 0 when they do not fit
   */
  static int compress(byte[] source, int length, byte[] target) {
    Deflate idle = IDLE.poll();
    Deflate encoder = idle == null ? new Deflate() : idle;
    try {
      return encoder.run(source, length, new BitWriter(target));
    } finally {
      encoder.source = new byte[0];
      IDLE.offer(encoder);
    }
  }

  private int run(byte[] bytes, int count, BitWriter out) {
    source = bytes;
    length = count;
    Arrays.fill(head, -1);
    block.clear();
    int at = 0;
    int carried = 0; // length of a match found at this position by the step before
    int carriedFrom = 0;
    while (at < length) {
      int found = carried;
      int from = carriedFrom;
      if (found == 0) {
        found = longest(at, MIN_MATCH - 1, MAX_CHAIN);
        from = matchStart;
      }
      carried = 0;
      if (found < MIN_MATCH) {
        block.literal(source[at++] & 0xff);
      } else {
        if (found < LAZY && at + 1 < length) {
          int next = longest(at + 1, found, found >= GOOD ? MAX_CHAIN / 4 : MAX_CHAIN);
          if (next > found) {
            block.literal(source[at++] & 0xff);
            carried = next;
            carriedFrom = matchStart;
          }
          if (carried == 0) {
            block.match(found, at - from);
            insert(at + 2, at + found);
            at += found;
          }
        } else {
          block.match(found, at - from);
          insert(at + 1, at + found);
          at += found;
        }
      }
      if (block.full() && !block.write(out, false)) {
        return 0;
      }
    }
    return block.write(out, true) ? out.finish() : 0;
  }

  /** Puts positions into the chains without looking for matches. */
  private void insert(int from, int to) {
    int end = Math.min(to, length - MIN_MATCH);
    for (int at = from; at < end; at++) {
      int slot = hash(at);
      previous[at & (WINDOW - 1)] = head[slot];
      head[slot] = at;
    }
  }

  private int hash(int at) {
    int three = at + 4 <= length ? (int) INTS.get(source, at) & 0xffffff : tail(at);
    return (three * 0x9e3779b1) >>> (32 - HASH_BITS);
  }

  private int tail(int at) {
    return (source[at] & 0xff) | (source[at + 1] & 0xff) << 8 | (source[at + 2] & 0xff) << 16;
  }

  /** Length of the longest earlier match above {@code best}, and {@code matchStart}; else best. */
  private int longest(int at, int best, int chain) {
    if (at + MIN_MATCH > length) {
      return best < MIN_MATCH ? 0 : best;
    }
    int slot = hash(at);
    int candidate = head[slot];
    previous[at & (WINDOW - 1)] = candidate;
    head[slot] = at;
    byte[] bytes = source;
    int limit = Math.max(0, at - WINDOW + 1);
    int most = Math.min(MAX_MATCH, length - at);
    int longest = best;
    int nice = Math.min(NICE, most);
    if (longest >= most) {
      return longest;
    }
    byte last = bytes[at + longest];
    for (int left = chain; candidate >= limit && left > 0; left--) {
      if (bytes[candidate + longest] == last) {
        int same = common(bytes, candidate, at, most);
        if (same > longest && (same > MIN_MATCH || at - candidate < TOO_FAR)) {
          longest = same;
          matchStart = candidate;
          if (same >= nice) {
            break;
          }
          last = bytes[at + longest];
        }
      }
      int earlier = previous[candidate & (WINDOW - 1)];
      if (earlier >= candidate) {
        break; // the slot was taken by a newer position
      }
      candidate = earlier;
    }
    return longest;
  }

  private int common(byte[] bytes, int left, int right, int most) {
    int same = 0;
    int wide = Math.min(most, length - right) - 8;
    while (same <= wide) {
      long difference =
          (long) LONGS.get(bytes, left + same) ^ (long) LONGS.get(bytes, right + same);
      if (difference != 0) {
        return same + (Long.numberOfTrailingZeros(difference) >>> 3);
      }
      same += 8;
    }
    while (same < most && bytes[left + same] == bytes[right + same]) {
      same++;
    }
    return same;
  }
}
