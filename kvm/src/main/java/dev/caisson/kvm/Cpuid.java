/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** What CPUID answers a guest. struct kvm_cpuid2 */
public record Cpuid(List<Entry> entries) {
  private static final int ENTRY = 40;
  private static final int FEATURES = 1;
  private static final int TSC_DEADLINE = 1 << 24;

  /**
   * One leaf.
   *
   * @param flags whether the index counts, as the kernel numbers it
   */
  public record Entry(int function, int index, int flags, int eax, int ebx, int ecx, int edx) {
    Entry withEax(int changed) {
      return new Entry(function, index, flags, changed, ebx, ecx, edx);
    }

    Entry withEcx(int changed) {
      return new Entry(function, index, flags, eax, ebx, changed, edx);
    }
  }

  public Cpuid {
    entries = List.copyOf(entries);
  }

  static Cpuid read(MemorySegment list) {
    int count = list.get(ValueLayout.JAVA_INT, 0);
    List<Entry> entries = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      MemorySegment at = list.asSlice(8L + (long) ENTRY * i, ENTRY);
      entries.add(
          new Entry(
              at.get(ValueLayout.JAVA_INT, 0),
              at.get(ValueLayout.JAVA_INT, 4),
              at.get(ValueLayout.JAVA_INT, 8),
              at.get(ValueLayout.JAVA_INT, 12),
              at.get(ValueLayout.JAVA_INT, 16),
              at.get(ValueLayout.JAVA_INT, 20),
              at.get(ValueLayout.JAVA_INT, 24)));
    }
    return new Cpuid(entries);
  }

  /** Where the kernel's local interrupt controller has the timer that CPUID's list leaves out. */
  Cpuid withDeadlineTimer() {
    return new Cpuid(
        entries.stream()
            .map(entry ->
                entry.function() == FEATURES ? entry.withEcx(entry.ecx() | TSC_DEADLINE) : entry)
            .toList());
  }

  /** As one of several vCPUs sees it. */
  public Cpuid forVcpu(int apicId, int count) {
    var view = new VcpuView(apicId, count, entries.stream().anyMatch(VcpuView::isAmd));
    return new Cpuid(entries.stream().flatMap(view::of).toList());
  }

  /** As no guest has virtualization of its own, whoever wrote these leaves. */
  Cpuid withoutVirtualization() {
    return new Cpuid(entries.stream().map(VcpuView::withoutVirtualization).toList());
  }

  MemorySegment write(Arena arena) {
    MemorySegment list = arena.allocate(8L + (long) ENTRY * entries.size(), 8);
    list.set(ValueLayout.JAVA_INT, 0, entries.size());
    for (int i = 0; i < entries.size(); i++) {
      Entry entry = entries.get(i);
      MemorySegment at = list.asSlice(8L + (long) ENTRY * i, ENTRY);
      at.set(ValueLayout.JAVA_INT, 0, entry.function);
      at.set(ValueLayout.JAVA_INT, 4, entry.index);
      at.set(ValueLayout.JAVA_INT, 8, entry.flags);
      at.set(ValueLayout.JAVA_INT, 12, entry.eax);
      at.set(ValueLayout.JAVA_INT, 16, entry.ebx);
      at.set(ValueLayout.JAVA_INT, 20, entry.ecx);
      at.set(ValueLayout.JAVA_INT, 24, entry.edx);
    }
    return list;
  }
}
