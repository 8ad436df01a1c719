/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.view.ExitStatus;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class WaitersTest {
  private static final ExitStatus SEVEN = new ExitStatus(7, false, Instant.EPOCH, "");
  private final Waiters waiters = new Waiters();

  @Test
  void whoWaitsForRestIsToldAtOnceWhenNothingRuns() {
    assertThat(waiters.register(WaitCondition.NOT_RUNNING, () -> false, () -> SEVEN))
        .isCompletedWithValue(SEVEN);
  }

  @Test
  void anExitThatIsFollowedByARestartIsNoRest() {
    var exit = waiters.register(WaitCondition.NEXT_EXIT, () -> true, () -> SEVEN);
    var rest = waiters.register(WaitCondition.NOT_RUNNING, () -> true, () -> SEVEN);
    waiters.exited(SEVEN, true);
    assertThat(exit).isCompletedWithValue(SEVEN);
    assertThat(rest).isNotDone();
    waiters.exited(SEVEN, false);
    assertThat(rest).isCompletedWithValue(SEVEN);
  }

  @Test
  void aRemovalTellsEverybody() {
    var exit = waiters.register(WaitCondition.NEXT_EXIT, () -> true, () -> SEVEN);
    var removal = waiters.register(WaitCondition.REMOVED, () -> true, () -> SEVEN);
    waiters.exited(SEVEN, true);
    assertThat(removal).isNotDone();
    waiters.removed(SEVEN);
    assertThat(exit).isCompletedWithValue(SEVEN);
    assertThat(removal).isCompletedWithValue(SEVEN);
  }
}
