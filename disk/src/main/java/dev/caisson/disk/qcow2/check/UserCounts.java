/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.check;

import java.util.TreeMap;

/** How many references to each cluster a walk found; memory follows the clusters that are used. */
final class UserCounts {
  private static final int BITS = 12;
  private static final int LARGEST = 1 << 14;

  private final TreeMap<Long, int[]> chunks = new TreeMap<>();
  private final String file;
  private long end;

  /** The chunk asked for last, since neighbours are asked for in turn; -1 for none. */
  private long recent = -1;

  private int[] recentChunk = new int[0];

  UserCounts(String file) {
    this.file = file;
  }

  void add(long cluster) {
    long number = cluster >>> BITS;
    if (number != recent) {
      recentChunk = chunks.computeIfAbsent(number, this::chunk);
      recent = number;
    }
    recentChunk[(int) cluster & ((1 << BITS) - 1)]++;
    end = Math.max(end, cluster + 1);
  }

  private int[] chunk(long number) {
    if (chunks.size() >= LARGEST) {
      throw dev.caisson.disk.DiskException.corrupt(file, "uses too many clusters to check");
    }
    return new int[1 << BITS];
  }

  long get(long cluster) {
    long number = cluster >>> BITS;
    if (number != recent) {
      int[] chunk = chunks.get(number);
      if (chunk == null) {
        return 0;
      }
      recentChunk = chunk;
      recent = number;
    }
    return recentChunk[(int) cluster & ((1 << BITS) - 1)];
  }

  /** First cluster at or after {@code cluster} that has users, or {@code limit}. */
  long nextUsed(long cluster, long limit) {
    long at = cluster;
    while (at < limit && get(at) == 0) {
      at++;
      if (recent != at >>> BITS) {
        Long next = chunks.ceilingKey(at >>> BITS);
        at = next == null ? limit : Math.max(at, next << BITS);
      }
    }
    return Math.min(at, limit);
  }

  /** First cluster after the last one in use. */
  long end() {
    return end;
  }
}
