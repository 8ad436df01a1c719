/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.compression;

import java.util.Arrays;

/** Literals and matches of one deflate block, and its codes. RFC 1951, 3.2.7 */
final class DeflateBlock {
  private static final int END = 256;
  private static final int LITERALS = 286;
  private static final int DISTANCES = 30;
  private static final int[] LENGTH_CODE = new int[259];
  private static final int[] LENGTH_BASE = new int[29];
  private static final int[] LENGTH_EXTRA = {
    0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0
  };
  private static final int[] DISTANCE_BASE = new int[DISTANCES];
  private static final int[] LENGTHS_ORDER = {
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15
  };

  static {
    int base = 3;
    for (int code = 0; code < 28; code++) {
      LENGTH_BASE[code] = base;
      int next = base + (1 << LENGTH_EXTRA[code]);
      Arrays.fill(LENGTH_CODE, base, Math.min(next, 259), code);
      base = next;
    }
    LENGTH_BASE[28] = 258;
    LENGTH_CODE[258] = 28;
    int distance = 1;
    for (int code = 0; code < DISTANCES; code++) {
      DISTANCE_BASE[code] = distance;
      distance += 1 << distanceExtra(code);
    }
  }

  /** A literal as it is; a match as {@code distance << 16 | length}, which is above 255. */
  private final int[] tokens;

  private final PrefixCode literals = new PrefixCode(LITERALS, 15);
  private final PrefixCode distances = new PrefixCode(DISTANCES, 15);
  private final PrefixCode lengths = new PrefixCode(19, 7);
  private final int[] runs = new int[LITERALS + DISTANCES];
  private int runCount;
  private int count;

  DeflateBlock(int capacity) {
    tokens = new int[capacity];
  }

  void clear() {
    count = 0;
    literals.clear();
    distances.clear();
  }

  boolean full() {
    return count == tokens.length;
  }

  /** How many more literals or matches it takes. */
  int room() {
    return tokens.length - count;
  }

  void literal(int value) {
    tokens[count++] = value;
    literals.frequency[value]++;
  }

  void match(int length, int distance) {
    tokens[count++] = distance << 16 | length;
    literals.frequency[257 + LENGTH_CODE[length]]++;
    distances.frequency[distanceCode(distance)]++;
  }

  private static int distanceCode(int distance) {
    if (distance <= 4) {
      return distance - 1;
    }
    int bits = 31 - Integer.numberOfLeadingZeros(distance - 1);
    return bits * 2 + (((distance - 1) >>> (bits - 1)) & 1);
  }

  private static int distanceExtra(int code) {
    return code < 4 ? 0 : code / 2 - 1;
  }

  /** Writes the block and empties it; false if it does not fit. */
  boolean write(BitWriter out, boolean last) {
    literals.frequency[END]++;
    literals.build();
    distances.build();
    int literalCount = Math.max(257, literals.used());
    int distanceCount = Math.max(1, distances.used());
    planLengths(literalCount, distanceCount);
    lengths.build();
    if (!out.fits(bitsNeeded())) {
      return false;
    }
    out.put((last ? 1 : 0) | 2 << 1, 3);
    writeLengths(out, literalCount, distanceCount);
    writeTokens(out);
    clear();
    return true;
  }

  private long bitsNeeded() {
    long bits = 3 + 14 + 19 * 3 + runCount * 14L;
    for (int i = 0; i < LITERALS; i++) {
      int extra = i > 256 ? LENGTH_EXTRA[i - 257] : 0;
      bits += (long) literals.frequency[i] * (literals.length[i] + extra);
    }
    for (int i = 0; i < DISTANCES; i++) {
      bits += (long) distances.frequency[i] * (distances.length[i] + distanceExtra(i));
    }
    return bits;
  }

  /** Run-length codes of all code lengths: symbol, and extra bits above it. */
  private void planLengths(int literalCount, int distanceCount) {
    runCount = 0;
    lengths.clear();
    int total = literalCount + distanceCount;
    for (int at = 0; at < total; ) {
      int value = lengthAt(at, literalCount);
      int run = 1;
      while (at + run < total && lengthAt(at + run, literalCount) == value) {
        run++;
      }
      at += run;
      emitRun(value, run);
    }
  }

  private int lengthAt(int at, int literalCount) {
    return at < literalCount ? literals.length[at] : distances.length[at - literalCount];
  }

  private void emitRun(int value, int run) {
    int left = run;
    if (value != 0) {
      addRun(value, 0);
      left--;
    }
    while (left >= 3) {
      int part;
      if (value != 0) {
        part = Math.min(left, 6);
        addRun(16, part - 3);
      } else if (left <= 10) {
        part = left;
        addRun(17, part - 3);
      } else {
        part = Math.min(left, 138);
        addRun(18, part - 11);
      }
      left -= part;
    }
    for (; left > 0; left--) {
      addRun(value, 0);
    }
  }

  private void addRun(int symbol, int extra) {
    runs[runCount++] = symbol | extra << 8;
    lengths.frequency[symbol]++;
  }

  private void writeLengths(BitWriter out, int literalCount, int distanceCount) {
    int orders = 19;
    while (orders > 4 && lengths.length[LENGTHS_ORDER[orders - 1]] == 0) {
      orders--;
    }
    out.put(literalCount - 257, 5);
    out.put(distanceCount - 1, 5);
    out.put(orders - 4, 4);
    for (int i = 0; i < orders; i++) {
      out.put(lengths.length[LENGTHS_ORDER[i]], 3);
    }
    for (int i = 0; i < runCount; i++) {
      int symbol = runs[i] & 0xff;
      out.put(lengths.code[symbol], lengths.length[symbol]);
      if (symbol >= 16) {
        out.put(runs[i] >>> 8, symbol == 16 ? 2 : symbol == 17 ? 3 : 7);
      }
    }
  }

  private void writeTokens(BitWriter out) {
    for (int i = 0; i < count; i++) {
      int token = tokens[i];
      if (token < 256) {
        out.put(literals.code[token], literals.length[token]);
        continue;
      }
      int length = token & 0xffff;
      int code = LENGTH_CODE[length];
      int width = literals.length[257 + code];
      long bits = literals.code[257 + code] | (long) (length - LENGTH_BASE[code]) << width;
      out.put(bits, width + LENGTH_EXTRA[code]);
      int distance = token >>> 16;
      code = distanceCode(distance);
      width = distances.length[code];
      bits = distances.code[code] | (long) (distance - DISTANCE_BASE[code]) << width;
      out.put(bits, width + distanceExtra(code));
    }
    out.put(literals.code[END], literals.length[END]);
  }
}
