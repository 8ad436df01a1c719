/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.engine.view.NetworkView;
import dev.caisson.engine.view.Status;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private static final Instant START = Instant.ofEpochSecond(10);
  private static final Instant END = Instant.ofEpochSecond(20);
  private static final NetworkView LINK =
      new NetworkView(Optional.of("/run/ns"), java.util.List.of(), Set.of(), Map.of());

  private final Progress run = Progress.created().linked(LINK).running(START);

  @Test
  void aRunForgetsHowTheLastOneEnded() {
    var again = run.exited(137, true, END).running(END);
    assertThat(again.exitCode()).isZero();
    assertThat(again.oomKilled()).isFalse();
    assertThat(again.startedAt()).contains(END);
    assertThat(again.finishedAt()).contains(END);
  }

  @Test
  void anExitKeepsWhatHappenedAndDropsTheNetwork() {
    var exit = run.stoppedByHand(true).held(true).exited(137, true, END);
    assertThat(exit)
        .isEqualTo(
            new Progress(
                Status.EXITED,
                137,
                true,
                "",
                Optional.of(START),
                Optional.of(END),
                0,
                true,
                false,
                NetworkView.none()));
  }

  @Test
  void aFailedFirstStartLeavesItCreatedALaterOneExited() {
    var first = Progress.created().linked(LINK).failed(127, "no such file", END);
    assertThat(first.status()).isEqualTo(Status.CREATED);
    assertThat(first.finishedAt()).isEmpty();
    assertThat(first.error()).isEqualTo("no such file");
    assertThat(first.network()).isEqualTo(NetworkView.none());
    var later = run.exited(0, false, START).failed(127, "no such file", END);
    assertThat(later.status()).isEqualTo(Status.EXITED);
    assertThat(later.finishedAt()).contains(END);
  }

  @Test
  void aStartByHandCountsFromZero() {
    var fresh = run.exited(1, false, END).restarting(4).stoppedByHand(true).fresh();
    assertThat(fresh.restartCount()).isZero();
    assertThat(fresh.stoppedByHand()).isFalse();
    assertThat(fresh.exitCode()).isEqualTo(1);
  }
}
