/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class ThreadEndTest {
  @Test
  void anInterruptDoesNotCutTheWaitShortAndIsKept() throws InterruptedException {
    var mayEnd = new CountDownLatch(1);
    var worker =
        Thread.ofPlatform()
            .start(() -> {
              try {
                mayEnd.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            });
    var ended = new AtomicBoolean();
    var kept = new AtomicBoolean();
    var waiting =
        Thread.ofPlatform()
            .start(() -> {
              Thread.currentThread().interrupt();
              ThreadEnd.await(worker);
              ended.set(!worker.isAlive());
              kept.set(Thread.currentThread().isInterrupted());
            });
    assertThat(waiting.join(java.time.Duration.ofMillis(50))).isFalse();
    mayEnd.countDown();
    waiting.join();
    assertThat(ended).isTrue();
    assertThat(kept).isTrue();
  }

  @Test
  void nobodyWaitsForItselfOrForWhatWasNeverStarted() {
    ThreadEnd.await(Thread.currentThread());
    ThreadEnd.await(Thread.ofPlatform().unstarted(() -> {}));
  }
}
