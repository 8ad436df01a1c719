/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

import dev.caisson.kvm.Cpuid.Entry;
import java.util.stream.Stream;

/**
 * How one of several vCPUs sees the processor: in one package of cores with one thread each,
 * whatever the host's looks like, and without virtualization of its own. Intel's manual, volume 2A,
 * "CPUID"; AMD's, volume 3, appendix E
 *
 * @param apicId of the vCPU
 * @param count how many there are, 1 to 64
 * @param amd whether leaves from 0x80000000 on follow AMD's manual; Intel reserves what AMD uses
 */
record VcpuView(int apicId, int count, boolean amd) {
  private static final int VENDOR = 0;
  private static final int FEATURES = 1;
  private static final int CACHES = 4;
  private static final int EXTENDED_TOPOLOGY = 0xb;
  private static final int EXTENDED_TOPOLOGY_V2 = 0x1f;
  private static final int EXTENDED_FEATURES = 0x80000001;
  private static final int AMD_SIZES = 0x80000008;
  private static final int AMD_VIRTUALIZATION = 0x8000000a;
  private static final int AMD_CACHES = 0x8000001d;
  private static final int AMD_TOPOLOGY = 0x8000001e;
  private static final int HYPERVISOR = 1 << 31;
  private static final int VMX = 1 << 5;
  private static final int SVM = 1 << 2;
  private static final int SEVERAL_IN_PACKAGE = 1 << 28;
  private static final int INDEX_COUNTS = 1; // KVM_CPUID_FLAG_SIGNIFCANT_INDEX
  private static final int THREADS = 0x100;
  private static final int CORES = 0x201;
  private static final int LAST_CACHE_LEVEL = 3;

  /** "Auth" of "AuthenticAMD": EBX of the vendor's leaf. */
  private static final int AUTH = 0x68747541;

  /** "Hygo" of "HygonGenuine", which follows it. */
  private static final int HYGO = 0x6f677948;

  static Entry withoutVirtualization(Entry leaf) {
    return switch (leaf.function()) {
      case FEATURES -> leaf.withEcx(leaf.ecx() & ~VMX);
      case EXTENDED_FEATURES -> leaf.withEcx(leaf.ecx() & ~SVM);
      case AMD_VIRTUALIZATION -> new Entry(leaf.function(), 0, leaf.flags(), 0, 0, 0, 0);
      default -> leaf;
    };
  }

  /** Whether a processor's leaf of this vendor says that it follows AMD's manual. */
  static boolean isAmd(Entry entry) {
    return entry.function() == VENDOR && (entry.ebx() == AUTH || entry.ebx() == HYGO);
  }

  /** What this vCPU is told instead of a leaf of the host. */
  Stream<Entry> of(Entry host) {
    int function = host.function();
    return switch (function) {
      case FEATURES -> Stream.of(features(host));
      case CACHES ->
          Stream.of(
              host.eax() == 0 ? host : host.withEax(caches(host.eax()) | ((count - 1) << 26)));
      // The kernel tells the first level alone, which hides the topology; a whole one has three.
      case EXTENDED_TOPOLOGY, EXTENDED_TOPOLOGY_V2 ->
          host.index() == 0 ? topology(function) : Stream.empty();
      case EXTENDED_FEATURES -> Stream.of(host.withEcx(host.ecx() & ~SVM));
      case AMD_SIZES -> Stream.of(amd ? host.withEcx(sizes(host.ecx())) : host);
      case AMD_VIRTUALIZATION -> Stream.of(new Entry(function, 0, host.flags(), 0, 0, 0, 0));
      case AMD_CACHES -> Stream.of(host.eax() == 0 ? host : host.withEax(caches(host.eax())));
      case AMD_TOPOLOGY ->
          Stream.of(
              amd
                  ? new Entry(
                      function, host.index(), host.flags(), apicId, apicId & 0xff, 0, host.edx())
                  : host);
      default -> Stream.of(host);
    };
  }

  private Entry features(Entry host) {
    return new Entry(
        FEATURES,
        host.index(),
        host.flags(),
        host.eax(),
        (host.ebx() & 0xffff) | (apicId << 24) | (count << 16),
        (host.ecx() | HYPERVISOR) & ~VMX,
        count > 1 ? host.edx() | SEVERAL_IN_PACKAGE : host.edx() & ~SEVERAL_IN_PACKAGE);
  }

  private Stream<Entry> topology(int function) {
    return Stream.of(
        new Entry(function, 0, INDEX_COUNTS, 0, 1, THREADS, apicId),
        new Entry(function, 1, INDEX_COUNTS, bits(), count, CORES, apicId),
        new Entry(function, 2, INDEX_COUNTS, 0, 0, 2, apicId));
  }

  private int sizes(int ecx) {
    return (ecx & ~0xf0ff) | (count - 1) | (bits() << 12);
  }

  /** How many share a cache: only the last level is shared. */
  private int caches(int eax) {
    int level = (eax >>> 5) & 7;
    int sharing = level == LAST_CACHE_LEVEL ? count - 1 : 0;
    return (eax & 0x3fff) | (sharing << 14);
  }

  private int bits() {
    return 32 - Integer.numberOfLeadingZeros(count - 1);
  }
}
