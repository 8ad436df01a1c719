/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class CpuidTest {
  private static Cpuid.Entry seen(Cpuid.Entry host, int apicId, int count) {
    return new Cpuid(List.of(host)).forVcpu(apicId, count).entries().getFirst();
  }

  @Test
  void featuresNameTheVcpuAndThatThereIsAHypervisor() {
    Cpuid.Entry seen = seen(new Cpuid.Entry(1, 0, 0, 7, 0x01020304, 0, 0), 3, 4);
    assertThat(seen.ebx()).isEqualTo(0x03040304);
    assertThat(seen.ecx()).isEqualTo(1 << 31);
    assertThat(seen.edx()).isEqualTo(1 << 28);
    assertThat(seen(new Cpuid.Entry(1, 0, 0, 7, 0, 0, 1 << 28), 0, 1).edx()).isZero();
  }

  @Test
  void theDeadlineTimerIsToldWhereThereIsOne() {
    var host = new Cpuid(List.of(new Cpuid.Entry(1, 0, 0, 7, 0, 3, 0)));
    assertThat(host.withDeadlineTimer().entries().getFirst().ecx()).isEqualTo((1 << 24) | 3);
  }

  @Test
  void guestsHaveNoVirtualizationOfTheirOwn() {
    assertThat(seen(new Cpuid.Entry(1, 0, 0, 7, 0, 1 << 5 | 1, 0), 0, 1).ecx())
        .isEqualTo(1 << 31 | 1);
    assertThat(seen(new Cpuid.Entry(0x80000001, 0, 0, 0, 0, 5, 6), 0, 1))
        .isEqualTo(new Cpuid.Entry(0x80000001, 0, 0, 0, 0, 1, 6));
    assertThat(seen(new Cpuid.Entry(0x8000000a, 0, 0, 1, 8, 0, 9), 0, 1))
        .isEqualTo(new Cpuid.Entry(0x8000000a, 0, 0, 0, 0, 0, 0));
  }

  @Test
  void aSnapshotCannotGiveItsGuestVirtualization() {
    var forged =
        new Cpuid(
            List.of(
                new Cpuid.Entry(1, 0, 0, 7, 0, 1 << 5 | 1, 0),
                new Cpuid.Entry(0x80000001, 0, 0, 0, 0, 5, 6),
                new Cpuid.Entry(0x8000000a, 0, 0, 1, 8, 0, 9),
                new Cpuid.Entry(2, 0, 0, 1, 2, 3, 4)));
    assertThat(forged.withoutVirtualization().entries())
        .containsExactly(
            new Cpuid.Entry(1, 0, 0, 7, 0, 1, 0),
            new Cpuid.Entry(0x80000001, 0, 0, 0, 0, 1, 6),
            new Cpuid.Entry(0x8000000a, 0, 0, 0, 0, 0, 0),
            new Cpuid.Entry(2, 0, 0, 1, 2, 3, 4));
  }

  /** Kernels since 6.2 tell the first level alone, with zeroes; older ones the host's own. */
  @Test
  void topologyIsOnePackageOfCoresWithOneThreadHoweverMuchTheKernelTells() {
    for (int function : new int[] {0xb, 0x1f}) {
      List<Cpuid.Entry> whole =
          List.of(
              new Cpuid.Entry(function, 0, 1, 0, 1, 0x100, 2),
              new Cpuid.Entry(function, 1, 1, 2, 3, 0x201, 2),
              new Cpuid.Entry(function, 2, 1, 0, 0, 2, 2));
      var bare = new Cpuid(List.of(new Cpuid.Entry(function, 0, 1, 0, 0, 0, 0)));
      assertThat(bare.forVcpu(2, 3).entries()).isEqualTo(whole);
      var hosts =
          new Cpuid(
              List.of(
                  new Cpuid.Entry(function, 0, 1, 1, 2, 0x100, 9),
                  new Cpuid.Entry(function, 1, 1, 5, 64, 0x201, 9),
                  new Cpuid.Entry(function, 2, 1, 7, 99, 0x502, 9)));
      assertThat(hosts.forVcpu(2, 3).entries()).isEqualTo(whole);
    }
    assertThat(new Cpuid(List.of()).forVcpu(0, 1).entries()).isEmpty();
  }

  @Test
  void onlyTheLastCacheIsShared() {
    int firstLevel = 0x7c004121 | (63 << 14);
    assertThat(seen(new Cpuid.Entry(4, 0, 1, firstLevel, 0, 0, 0), 0, 4).eax())
        .isEqualTo((3 << 26) | 0x121);
    int lastLevel = 0x7c004163 | (63 << 14);
    assertThat(seen(new Cpuid.Entry(4, 3, 1, lastLevel, 0, 0, 0), 0, 4).eax())
        .isEqualTo((3 << 26) | (3 << 14) | 0x163);
    assertThat(seen(new Cpuid.Entry(4, 4, 1, 0, 0, 0, 0), 0, 4).eax()).isZero();
  }

  @Test
  void amdIsToldTheSame() {
    var sizes = new Cpuid.Entry(0x80000008, 0, 0, 0x3030, 0, 0x607f, 0);
    var topology = new Cpuid.Entry(0x8000001e, 0, 0, 77, 0x101, 3, 0);
    for (int vendor : new int[] {0x68747541, 0x6f677948}) {
      var host = new Cpuid(List.of(new Cpuid.Entry(0, 0, 0, 13, vendor, 0, 0), sizes, topology));
      List<Cpuid.Entry> seen = host.forVcpu(1, 2).entries();
      assertThat(seen.get(1).ecx()).isEqualTo(0x1001);
      assertThat(seen.get(2)).isEqualTo(new Cpuid.Entry(0x8000001e, 0, 0, 1, 1, 0, 0));
    }
  }

  /** "GenuineIntel" reserves what AMD counts cores with. */
  @Test
  void intelIsNotToldInAmdsWords() {
    var sizes = new Cpuid.Entry(0x80000008, 0, 0, 0x3027, 0, 0, 0);
    var intel = new Cpuid.Entry(0, 0, 0, 22, 0x756e6547, 0x6c65746e, 0x49656e69);
    assertThat(new Cpuid(List.of(intel, sizes)).forVcpu(1, 2).entries().get(1)).isEqualTo(sizes);
  }
}
