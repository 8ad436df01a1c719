/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class HostProcessorsTest {
  @Test
  void listsAndRangesAreTheKernels() {
    HostProcessors chosen = HostProcessors.of("0-1,5,63", "0-63");
    assertThat(chosen.mask()).isEqualTo(0x8000_0000_0000_0023L);
    assertThat(chosen.count()).isEqualTo(4);
    assertThat(chosen.list()).isEqualTo("0,1,5,63");
  }

  @Test
  void processorsThatAreNotThereAreNamed() {
    assertThatThrownBy(() -> HostProcessors.of("1-4", "0-3"))
        .hasMessageContaining("1-4")
        .hasMessageContaining("0-3");
    assertThatThrownBy(() -> HostProcessors.of("3-1", "0-3")).hasMessageContaining("3-1");
  }

  @Test
  void oneBeyondTheMaskIsRefused() {
    assertThatThrownBy(() -> HostProcessors.of("64", "0-99")).hasMessageContaining("first 64");
  }
}
