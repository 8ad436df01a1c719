/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.bus;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An address space and who answers where: ports, or memory that is not RAM. Where nobody is, reads
 * give ones and writes get lost, as on an idle bus.
 */
public final class Bus {
  private static final long NOBODY = -1;

  private volatile Range[] ranges = new Range[0];

  private record Range(long start, long size, Registers device) {}

  /**
   * @throws IllegalArgumentException when somebody is there already
   */
  public synchronized void add(long start, long size, Registers device) {
    List<Range> all = new ArrayList<>(List.of(ranges));
    for (Range range : all) {
      if (start < range.start + range.size && range.start < start + size) {
        throw new IllegalArgumentException("address 0x%x is taken".formatted(start));
      }
    }
    all.add(new Range(start, size, device));
    all.sort(Comparator.comparingLong(Range::start));
    ranges = all.toArray(Range[]::new);
  }

  public long read(long address, int size) {
    Range range = at(address);
    return range == null ? NOBODY : range.device.read(address - range.start, size);
  }

  public void write(long address, int size, long value) {
    Range range = at(address);
    if (range != null) {
      range.device.write(address - range.start, size, value);
    }
  }

  private @Nullable Range at(long address) {
    Range[] known = ranges;
    int low = 0;
    int high = known.length - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      Range range = known[middle];
      if (address < range.start) {
        high = middle - 1;
      } else if (address - range.start >= range.size) {
        low = middle + 1;
      } else {
        return range;
      }
    }
    return null;
  }
}
