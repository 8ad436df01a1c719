/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.SandboxState;
import org.junit.jupiter.api.Test;

/** What those isolations promise besides whose workloads outlive the engine. */
interface SurvivingContract {
  Bench bench();

  @Test
  default void aRunningSandboxIsAdopted() {
    Sandbox sandbox = bench().start(bench().workload("sh", "-c", "sleep 100; exit 5"));
    Sandbox adopted = bench().adopt(sandbox);
    assertThat(adopted.state()).isEqualTo(SandboxState.RUNNING);
    assertThat(adopted.pid()).isEqualTo(sandbox.pid());
    Bench.exec(adopted, "killall", "sleep");
    assertThat(Bench.await(adopted).code()).isEqualTo(5);
  }
}
