/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** How many references to each cluster a walk found; memory follows the clusters that are used. */
final class UserCounts {
  private static final int BITS = 12;
  private static final int LARGEST = 1 << 14;

  private final Map<Long, int[]> chunks = new HashMap<>();
  private final String file;
  private long end;

  UserCounts(String file) {
    this.file = file;
  }

  void add(long cluster) {
    int[] chunk = chunks.computeIfAbsent(cluster >>> BITS, this::chunk);
    chunk[(int) cluster & ((1 << BITS) - 1)]++;
    end = Math.max(end, cluster + 1);
  }

  private int[] chunk(long number) {
    if (chunks.size() >= LARGEST) {
      throw dev.caisson.disk.DiskException.corrupt(file, "uses too many clusters to check");
    }
    return new int[1 << BITS];
  }

  long get(long cluster) {
    int[] chunk = chunks.get(cluster >>> BITS);
    return chunk == null ? 0 : chunk[(int) cluster & ((1 << BITS) - 1)];
  }

  /** First cluster after the last one in use. */
  long end() {
    return end;
  }

  void clear() {
    chunks.values().forEach(chunk -> Arrays.fill(chunk, 0));
    end = 0;
  }
}
