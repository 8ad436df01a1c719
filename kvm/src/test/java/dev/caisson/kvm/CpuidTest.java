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
    assertThat(seen.ecx()).isEqualTo((1 << 31) | (1 << 24));
    assertThat(seen.edx()).isEqualTo(1 << 28);
    assertThat(seen(new Cpuid.Entry(1, 0, 0, 7, 0, 0, 1 << 28), 0, 1).edx()).isZero();
  }

  @Test
  void topologyIsOnePackageOfCoresWithOneThread() {
    Cpuid.Entry threads = seen(new Cpuid.Entry(0xb, 0, 1, 1, 2, 0x100, 9), 2, 3);
    assertThat(threads).isEqualTo(new Cpuid.Entry(0xb, 0, 1, 0, 1, 0x100, 2));
    Cpuid.Entry cores = seen(new Cpuid.Entry(0xb, 1, 1, 5, 64, 0x201, 9), 2, 3);
    assertThat(cores).isEqualTo(new Cpuid.Entry(0xb, 1, 1, 2, 3, 0x201, 2));
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
    assertThat(seen(new Cpuid.Entry(0x80000008, 0, 0, 0x3030, 0, 0x607f, 0), 1, 2).ecx())
        .isEqualTo(0x1001);
    Cpuid.Entry topology = seen(new Cpuid.Entry(0x8000001e, 0, 0, 77, 0x101, 3, 0), 1, 2);
    assertThat(topology).isEqualTo(new Cpuid.Entry(0x8000001e, 0, 0, 1, 1, 0, 0));
  }
}
