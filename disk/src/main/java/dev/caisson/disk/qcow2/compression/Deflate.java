/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.compression;

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
 * be told to keep to. It searches as far as zlib's level 6 does (one step of lazy evaluation), but
 * keeps chains of four equal bytes, which are several times shorter than zlib's of three, and only
 * the latest place of three equal ones. Where nothing repeats for long it searches less and less,
 * so that noise costs little. Each block has codes of its own. RFC 1951
 */
public final class Deflate {
  private static final int WINDOW = 1 << 12;
  private static final int HASH_BITS = 14;
  private static final int SHORT_BITS = 12;
  private static final int MIN_MATCH = 3;
  private static final int MAX_MATCH = 258;
  private static final int MAX_CHAIN = 128;
  private static final int GOOD = 8;
  private static final int LAZY = 16;
  private static final int NICE = 128;

  private static final int MIXER = 0x9e3779b1;

  /**
   * So many literals in a row look like noise: from then on ever more positions are passed over.
   */
  private static final int PATIENCE_BITS = 7;

  private static final int BLOCK_TOKENS = 1 << 16;
  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  /** Tables are large beside a cluster's work, so encoders are used again. */
  private static final Queue<Deflate> IDLE = new ConcurrentLinkedQueue<>();

  private final int[] head = new int[1 << HASH_BITS];
  private final int[] latest = new int[1 << SHORT_BITS];
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
  public static int compress(byte[] source, int length, byte[] target) {
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
    Arrays.fill(head, -WINDOW);
    Arrays.fill(latest, -WINDOW);
    block.clear();
    int at = 0;
    int missed = 0;
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
        at = literals(at, 1 + (missed++ >>> PATIENCE_BITS));
      } else if (found < LAZY && at + 1 < length) {
        missed = 0;
        int next = longest(at + 1, found, found >= GOOD ? MAX_CHAIN / 4 : MAX_CHAIN);
        if (next > found) {
          block.literal(source[at++] & 0xff);
          carried = next;
          carriedFrom = matchStart;
        } else {
          block.match(found, at - from);
          insert(at + 2, at + found);
          at += found;
        }
      } else {
        missed = 0;
        block.match(found, at - from);
        insert(at + 1, at + found);
        at += found;
      }
      if (block.full() && !block.write(out, false)) {
        return 0;
      }
    }
    return block.write(out, true) ? out.finish() : 0;
  }

  /** Takes up to {@code most} bytes as they are, as long as they fit into the block. */
  private int literals(int from, int most) {
    int end = Math.min(length, from + Math.min(most, block.room()));
    for (int at = from; at < end; at++) {
      block.literal(source[at] & 0xff);
    }
    return end;
  }

  /** Puts positions into the tables without looking for matches. */
  private void insert(int from, int to) {
    int end = Math.min(to, length - Integer.BYTES);
    for (int at = from; at < end; at++) {
      int four = (int) INTS.get(source, at);
      int slot = (four * MIXER) >>> (32 - HASH_BITS);
      previous[at & (WINDOW - 1)] = head[slot];
      head[slot] = at;
      latest[((four << 8) * MIXER) >>> (32 - SHORT_BITS)] = at;
    }
  }

  /** Length of the longest earlier match above {@code best}, and {@code matchStart}; else best. */
  private int longest(int at, int best, int chain) {
    int most = Math.min(MAX_MATCH, length - at);
    if (most <= Integer.BYTES || best >= most) {
      return best < MIN_MATCH ? 0 : best;
    }
    byte[] bytes = source;
    int four = (int) INTS.get(bytes, at);
    int slot = (four * MIXER) >>> (32 - HASH_BITS);
    int shortSlot = ((four << 8) * MIXER) >>> (32 - SHORT_BITS);
    int candidate = head[slot];
    int shortCandidate = latest[shortSlot];
    previous[at & (WINDOW - 1)] = candidate;
    head[slot] = at;
    latest[shortSlot] = at;
    int limit = at - WINDOW + 1;
    int longest = best;
    if (longest < MIN_MATCH
        && shortCandidate >= limit
        && shortCandidate >= 0
        && (((int) INTS.get(bytes, shortCandidate) ^ four) & 0xff_ffff) == 0) {
      longest = MIN_MATCH;
      matchStart = shortCandidate;
    }
    int nice = Math.min(NICE, most);
    int tail = tail(bytes, at, longest);
    for (int left = chain; candidate >= limit && candidate >= 0 && left > 0; left--) {
      if (tail(bytes, candidate, longest) == tail && (int) INTS.get(bytes, candidate) == four) {
        int same = common(bytes, candidate, at, most);
        if (same > longest) {
          longest = same;
          matchStart = candidate;
          if (same >= nice) {
            break;
          }
          tail = tail(bytes, at, longest);
        }
      }
      int earlier = previous[candidate & (WINDOW - 1)];
      if (earlier >= candidate) {
        break; // the slot was taken by a newer position
      }
      candidate = earlier;
    }
    return longest < MIN_MATCH ? 0 : longest;
  }

  /** The four bytes that end where a match one byte longer than {@code longest} would. */
  private static int tail(byte[] bytes, int start, int longest) {
    return longest < MIN_MATCH ? 0 : (int) INTS.get(bytes, start + longest - MIN_MATCH);
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
