/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** On a clock of its own, which only giving way and the guest's own work let go on. */
final class LookoutTest {
  private static final long MOST = Lookout.EMULATED.toNanos();
  private static final long LOOK = 1_000; // what one look takes
  private static final long SOON = 150_000;
  private static final long LATE = MOST + 100_000;

  private long now;
  private long nextRequest;
  private long look = LOOK;
  private long looks;
  private final Lookout lookout = lookout(Lookout.EMULATED);

  private Lookout lookout(Duration most) {
    return new Lookout(
        () -> now >= nextRequest,
        most,
        () -> now,
        () -> {
          now += look;
          looks++;
        });
  }

  @Test
  void noneIsLookedForWhereThatIsSwitchedOff() {
    Lookout none = lookout(Duration.ZERO);
    for (int i = 0; i < 100; i++) {
      none.woken();
      assertThat(none.finds()).isFalse();
    }
    assertThat(looks).isZero();
  }

  @Test
  void nothingIsLookedForBeforeRequestsCameSoon() {
    assertThat(found(SOON)).isFalse();
    assertThat(looks).isZero();
  }

  @Test
  void whatComesSoonIsFoundAfterAFewWakeUps() {
    settle(SOON);
    looks = 0;
    assertThat(found(SOON)).isTrue();
    assertThat(looks).isEqualTo(SOON / LOOK);
  }

  @Test
  void aGuestThatPausesIsNotLookedForAnyMore() {
    settle(SOON);
    for (int i = 0; i < 5; i++) {
      found(LATE);
    }
    looks = 0;
    for (int i = 0; i < 100; i++) {
      assertThat(found(LATE)).isFalse();
    }
    assertThat(looks).isZero();
  }

  @Test
  void oneLookIsBounded() {
    settle(SOON);
    looks = 0;
    assertThat(found(Long.MAX_VALUE / 2)).isFalse();
    assertThat(looks).isPositive().isLessThanOrEqualTo(MOST / LOOK);
  }

  @Test
  void whoeverWantsTheProcessorHasIt() {
    settle(SOON);
    look = 3_000_000; // another thread's turn
    found(3_100_000);
    look = LOOK;
    looks = 0;
    for (int i = 0; i < 20; i++) {
      assertThat(found(SOON)).isFalse();
    }
    assertThat(looks).isZero();
    settle(SOON);
    assertThat(found(SOON)).as("some milliseconds later").isTrue();
  }

  @Test
  void onACrowdedHostItLooksSeldomerAndSeldomer() {
    long shortest = untilItLooksAgain();
    long last = shortest;
    for (int i = 0; i < 4; i++) {
      last = untilItLooksAgain();
    }
    assertThat(last).isGreaterThan(8 * shortest);
  }

  @Test
  void theWorkerHearsOfItsEndWhileAGuestIsBusy() {
    settle(SOON);
    int inARow = 0;
    while (found(SOON)) {
      inARow++;
      assertThat(inARow).isLessThanOrEqualTo(1000);
    }
    assertThat(found(SOON)).as("after the kick").isTrue();
  }

  /** The next request comes so long after the last; a worker that did not find it is woken. */
  private boolean found(long gap) {
    nextRequest = now + gap;
    boolean found = lookout.finds();
    if (!found) {
      now = Math.max(now, nextRequest);
      lookout.woken();
    }
    return found;
  }

  private void settle(long gap) {
    for (int i = 0; i < 100; i++) {
      found(gap);
    }
  }

  private long untilItLooksAgain() {
    look = LOOK;
    long before = looks;
    long began = now;
    while (looks == before) {
      look = 3_000_000;
      found(SOON);
    }
    return now - began;
  }
}
