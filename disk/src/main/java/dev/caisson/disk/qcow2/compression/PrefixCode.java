/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.compression;

import java.util.Arrays;

/** A canonical prefix code with bounded lengths, made from frequencies. RFC 1951, 3.2.2 */
final class PrefixCode {
  final int[] frequency;
  final int[] length;
  final int[] code;
  private final int longest;
  private final long[] order;
  private final int[] work;
  private final int[] ofLength = new int[33];

  PrefixCode(int symbols, int longest) {
    this.frequency = new int[symbols];
    this.length = new int[symbols];
    this.code = new int[symbols];
    this.longest = longest;
    this.order = new long[symbols];
    this.work = new int[symbols];
  }

  void clear() {
    Arrays.fill(frequency, 0);
  }

  /** One more than the last symbol that has a code. */
  int used() {
    int end = length.length;
    while (end > 0 && length[end - 1] == 0) {
      end--;
    }
    return end;
  }

  void build() {
    int count = 0;
    for (int i = 0; i < frequency.length; i++) {
      if (frequency[i] > 0) {
        order[count++] = (long) frequency[i] << 32 | i;
      }
    }
    Arrays.fill(length, 0);
    if (count == 1) {
      length[(int) order[0]] = 1;
    } else if (count > 1) {
      Arrays.sort(order, 0, count);
      for (int i = 0; i < count; i++) {
        work[i] = (int) (order[i] >>> 32);
      }
      shortest(work, count);
      bound(count);
      int at = count;
      for (int bits = 1; bits <= longest; bits++) {
        for (int i = 0; i < ofLength[bits]; i++) {
          length[(int) order[--at]] = bits;
        }
      }
    }
    assign();
  }

  /**
   * Turns ascending frequencies into descending code lengths, in place. Moffat and Katajainen,
   * "In-place calculation of minimum-redundancy codes", 1995.
   */
  private static void shortest(int[] a, int n) {
    a[0] += a[1];
    int root = 0;
    int leaf = 2;
    for (int next = 1; next < n - 1; next++) {
      if (leaf >= n || a[root] < a[leaf]) {
        a[next] = a[root];
        a[root++] = next;
      } else {
        a[next] = a[leaf++];
      }
      if (leaf >= n || (root < next && a[root] < a[leaf])) {
        a[next] += a[root];
        a[root++] = next;
      } else {
        a[next] += a[leaf++];
      }
    }
    a[n - 2] = 0;
    for (int next = n - 3; next >= 0; next--) {
      a[next] = a[a[next]] + 1;
    }
    int available = 1;
    int inner = 0;
    int depth = 0;
    root = n - 2;
    int next = n - 1;
    while (available > 0) {
      while (root >= 0 && a[root] == depth) {
        inner++;
        root--;
      }
      while (available > inner) {
        a[next--] = depth;
        available--;
      }
      available = 2 * inner;
      depth++;
      inner = 0;
    }
  }

  /** Counts symbols per length, none above the bound, and makes the code complete again. */
  private void bound(int count) {
    Arrays.fill(ofLength, 0);
    for (int i = 0; i < count; i++) {
      ofLength[Math.min(longest, work[i])]++;
    }
    long total = 0;
    for (int bits = longest; bits > 0; bits--) {
      total += (long) ofLength[bits] << (longest - bits);
    }
    while (total > 1L << longest) {
      ofLength[longest]--;
      for (int bits = longest - 1; bits > 0; bits--) {
        if (ofLength[bits] > 0) {
          ofLength[bits]--;
          ofLength[bits + 1] += 2;
          break;
        }
      }
      total--;
    }
  }

  private void assign() {
    int[] next = new int[17];
    Arrays.fill(ofLength, 0);
    for (int bits : length) {
      ofLength[bits]++;
    }
    ofLength[0] = 0;
    int value = 0;
    for (int bits = 1; bits <= longest; bits++) {
      value = (value + ofLength[bits - 1]) << 1;
      next[bits] = value;
    }
    for (int i = 0; i < length.length; i++) {
      if (length[i] > 0) {
        code[i] = Integer.reverse(next[length[i]]++) >>> (32 - length[i]);
      }
    }
  }
}
