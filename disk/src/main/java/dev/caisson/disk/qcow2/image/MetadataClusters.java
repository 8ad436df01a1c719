/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.image;

import java.util.Arrays;

/**
 * The clusters that hold metadata: no guest write may touch them, whatever the tables say. A set of
 * cluster numbers, open addressing, no boxing.
 */
public final class MetadataClusters {
  private static final long EMPTY = -1;

  private long[] slots = filled(64);
  private int count;

  /** Adds a cluster; false if it was there. */
  public boolean add(long cluster) {
    if (count * 2 >= slots.length) {
      grow();
    }
    int at = find(cluster);
    if (slots[at] == cluster) {
      return false;
    }
    slots[at] = cluster;
    count++;
    return true;
  }

  public void addAll(long first, long clusters) {
    for (long cluster = first; cluster < first + clusters; cluster++) {
      add(cluster);
    }
  }

  public boolean contains(long cluster) {
    return slots[find(cluster)] == cluster;
  }

  public void remove(long cluster) {
    int at = find(cluster);
    if (slots[at] != cluster) {
      return;
    }
    slots[at] = EMPTY;
    count--;
    int mask = slots.length - 1;
    for (int next = (at + 1) & mask; slots[next] != EMPTY; next = (next + 1) & mask) {
      long moved = slots[next]; // its search may have passed the gap we just made
      slots[next] = EMPTY;
      slots[find(moved)] = moved;
    }
  }

  private int find(long cluster) {
    int mask = slots.length - 1;
    int at = (int) ((cluster * 0x9e37_79b9_7f4a_7c15L) >>> 32) & mask;
    while (slots[at] != EMPTY && slots[at] != cluster) {
      at = (at + 1) & mask;
    }
    return at;
  }

  private void grow() {
    long[] old = slots;
    slots = filled(old.length * 2);
    for (long cluster : old) {
      if (cluster != EMPTY) {
        slots[find(cluster)] = cluster;
      }
    }
  }

  private static long[] filled(int length) {
    var slots = new long[length];
    Arrays.fill(slots, EMPTY);
    return slots;
  }
}
