/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ConversionsTest {
  @Test
  void sharesBecomeWeightsWithTheDefaultsMeeting() {
    assertThat(Conversions.cpuWeight(0)).isEqualTo(1);
    assertThat(Conversions.cpuWeight(2)).isEqualTo(1);
    assertThat(Conversions.cpuWeight(1_024)).isEqualTo(100);
    assertThat(Conversions.cpuWeight(262_144)).isEqualTo(10_000);
  }

  @Test
  void moreSharesNeverBecomeLessWeight() {
    long before = 0;
    for (long shares = 2; shares <= 262_144; shares += 97) {
      long weight = Conversions.cpuWeight(shares);
      assertThat(weight).isBetween(Math.max(1, before), 10_000L);
      before = weight;
    }
  }

  @Test
  void swapIsWhatIsLeftOfTheTotal() {
    assertThat(Conversions.swap(100, 40)).isEqualTo("60");
    assertThat(Conversions.swap(-1, 40)).isEqualTo("max");
    assertThat(Conversions.ioWeight(10)).isEqualTo(1);
    assertThat(Conversions.ioWeight(1_000)).isEqualTo(10_000);
  }
}
