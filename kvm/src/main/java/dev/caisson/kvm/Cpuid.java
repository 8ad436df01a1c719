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

  /**
   * One leaf.
   *
   * @param flags whether the index counts, as the kernel numbers it
   */
  public record Entry(int function, int index, int flags, int eax, int ebx, int ecx, int edx) {
    private static final int FEATURES = 1;
    private static final int CACHES = 4;
    private static final int EXTENDED_TOPOLOGY = 0xb;
    private static final int EXTENDED_TOPOLOGY_V2 = 0x1f;
    private static final int AMD_SIZES = 0x80000008;
    private static final int AMD_CACHES = 0x8000001d;
    private static final int AMD_TOPOLOGY = 0x8000001e;
    private static final int HYPERVISOR = 1 << 31;
    private static final int TSC_DEADLINE = 1 << 24;
    private static final int SEVERAL_IN_PACKAGE = 1 << 28;
    private static final int THREADS = 0x100;
    private static final int CORES = 0x201;
    private static final int LAST_CACHE_LEVEL = 3;

    /**
     * As the vCPU with this APIC id sees it, one of so many: a package of cores with one thread
     * each, whatever the host's processor looks like.
     */
    Entry of(int apicId, int count) {
      return switch (function) {
        case FEATURES ->
            new Entry(
                function,
                index,
                flags,
                eax,
                (ebx & 0xffff) | (apicId << 24) | (count << 16),
                ecx | HYPERVISOR | TSC_DEADLINE,
                count > 1 ? edx | SEVERAL_IN_PACKAGE : edx & ~SEVERAL_IN_PACKAGE);
        case CACHES -> eax == 0 ? this : withEax(caches(count) | ((count - 1) << 26));
        case AMD_CACHES -> eax == 0 ? this : withEax(caches(count));
        case EXTENDED_TOPOLOGY, EXTENDED_TOPOLOGY_V2 ->
            switch (index) {
              case 0 -> new Entry(function, index, flags, 0, 1, THREADS, apicId);
              case 1 -> new Entry(function, index, flags, bits(count), count, CORES, apicId);
              default -> new Entry(function, index, flags, 0, 0, index, apicId);
            };
        case AMD_SIZES ->
            new Entry(
                function,
                index,
                flags,
                eax,
                ebx,
                (ecx & ~0xf0ff) | (count - 1) | (bits(count) << 12),
                edx);
        case AMD_TOPOLOGY -> new Entry(function, index, flags, apicId, apicId & 0xff, 0, edx);
        default -> this;
      };
    }

    private Entry withEax(int changed) {
      return new Entry(function, index, flags, changed, ebx, ecx, edx);
    }

    /** How many share a cache: only the last level is shared. */
    private int caches(int count) {
      int level = (eax >>> 5) & 7;
      int sharing = level == LAST_CACHE_LEVEL ? count - 1 : 0;
      return (eax & 0x3fff) | (sharing << 14);
    }

    private static int bits(int count) {
      return 32 - Integer.numberOfLeadingZeros(count - 1);
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

  /** As one of several vCPUs sees it. */
  public Cpuid forVcpu(int apicId, int count) {
    return new Cpuid(entries.stream().map(entry -> entry.of(apicId, count)).toList());
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
