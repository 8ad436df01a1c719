/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Which port a hardware address is behind: the addresses of guests, which are given, and those
 * learned from frames of a trunk. Looked up for each frame, without locks or objects.
 */
final class MacTable {
  private static final int MOST_LEARNED = 4096;
  private static final long GOLDEN = 0x9e3779b97f4a7c15L;
  private static final long FREE = -1;

  /** Never changed once it is seen. */
  private record Given(long[] keys, @Nullable SwitchPort[] ports, int shift) {
    @Nullable SwitchPort find(long address) {
      int mask = keys.length - 1;
      for (int i = (int) (address * GOLDEN >>> shift); ; i = i + 1 & mask) {
        if (keys[i] == address) {
          return ports[i];
        }
        if (keys[i] == FREE) {
          return null;
        }
      }
    }
  }

  private final Map<Long, SwitchPort> learned = new ConcurrentHashMap<>();
  private volatile Given given = given(List.of());

  private static Given given(Collection<SwitchPort> ports) {
    int size = Integer.highestOneBit(Math.max(4, ports.size()) * 2 - 1) * 2;
    var keys = new long[size];
    Arrays.fill(keys, FREE);
    var values = new SwitchPort[size];
    int shift = 64 - Integer.numberOfTrailingZeros(size);
    for (SwitchPort port : ports) {
      int i = (int) (port.hardware() * GOLDEN >>> shift);
      while (keys[i] != FREE) {
        i = i + 1 & size - 1;
      }
      keys[i] = port.hardware();
      values[i] = port;
    }
    return new Given(keys, values, shift);
  }

  void give(Collection<SwitchPort> ports) {
    given = given(ports);
  }

  @Nullable SwitchPort find(long address) {
    SwitchPort port = given.find(address);
    return port != null || learned.isEmpty() ? port : learned.get(address);
  }

  /**
   * Remembers who is behind a trunk.
   *
   * @return false when the address is a guest's: then the frame lies
   */
  boolean learn(long address, SwitchPort trunk) {
    if (given.find(address) != null) {
      return false;
    }
    if (!Frame.group(address) && learned.get(address) != trunk) {
      if (learned.size() >= MOST_LEARNED) {
        learned.clear(); // what is still there is learned again with its next frame
      }
      learned.put(address, trunk);
    }
    return true;
  }

  void forget(SwitchPort trunk) {
    learned.values().removeIf(trunk::equals);
  }
}
