/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class NearestTest {
  @Test
  void theNearestWordIsAFewSlipsAway() {
    var known = List.of("run", "rm", "rmi", "rename", "restart", "--memory", "--memory-swap");
    assertThat(Nearest.of("rnu", known)).contains("run");
    assertThat(Nearest.of("--memroy", known)).contains("--memory");
    assertThat(Nearest.of("restrat", known)).contains("restart");
    assertThat(Nearest.of("remane", known)).contains("rename");
    assertThat(Nearest.of("frobnicate", known)).isEmpty();
    assertThat(Nearest.of("", known)).isEmpty();
    assertThat(Nearest.slips("abc", "acb")).isEqualTo(1);
    assertThat(Nearest.slips("", "abc")).isEqualTo(3);
  }
}
