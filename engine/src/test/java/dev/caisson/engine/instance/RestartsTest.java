/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.engine.spec.RestartPolicy;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RestartsTest {
  private static final Duration SHORT = Duration.ofSeconds(1);
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();

  @AfterEach
  void close() {
    timer.close();
  }

  @Test
  void waitsDoubleUpToAMinuteAndBeginAnewAfterAGoodRun() {
    var backoff = new Backoff();
    assertThat(backoff.after(SHORT)).hasMillis(100);
    assertThat(backoff.after(SHORT)).hasMillis(200);
    for (int i = 0; i < 10; i++) {
      backoff.after(SHORT);
    }
    assertThat(backoff.after(SHORT)).isEqualTo(Duration.ofMinutes(1));
    assertThat(backoff.after(Duration.ofSeconds(10))).hasMillis(100);
    assertThat(backoff.after(SHORT)).hasMillis(200);
  }

  @ParameterizedTest
  @CsvSource({
    "no, 1, 0, false, false",
    "always, 0, 99, false, true",
    "always, 0, 0, true, false",
    "unless-stopped, 0, 5, false, true",
    "unless-stopped, 137, 0, true, false",
    "on-failure, 0, 0, false, false",
    "on-failure, 1, 99, false, true",
    "on-failure:2, 1, 1, false, true",
    "on-failure:2, 1, 2, false, false",
  })
  void aPolicyDecides(String policy, int code, int restarts, boolean byHand, boolean again) {
    assertThat(Backoff.wanted(RestartPolicy.parse(policy), code, restarts, byHand))
        .isEqualTo(again);
  }

  @Test
  void aRunThatWasAskedForIsTakenOnce() throws InterruptedException {
    var woken = new CountDownLatch(1);
    var restarts = new Restarts(timer, Runnable::run, woken::countDown);
    assertThat(restarts.take()).isFalse();
    restarts.now();
    assertThat(woken.await(30, TimeUnit.SECONDS)).isTrue();
    assertThat(restarts.take()).isTrue();
    assertThat(restarts.take()).isFalse();
  }

  @Test
  void aCancelledRunIsNotTaken() {
    var wakes = new AtomicInteger();
    var restarts = new Restarts(timer, Runnable::run, wakes::incrementAndGet);
    restarts.after(SHORT);
    restarts.cancel();
    assertThat(restarts.take()).isFalse();
  }
}
