/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class DoorbellsTest {
  @Test
  void eachSignalWakesOnceAndNoneIsTaken() throws Exception {
    try (EventCounter first = EventCounter.create();
        EventCounter second = EventCounter.create()) {
      first.signal(); // before anybody waits
      try (var bells = new Doorbells(first, second)) {
        assertThat(bells.await()).isEqualTo(1);
        second.signal();
        assertThat(bells.await()).isEqualTo(2);
        first.signal();
        second.signal();
        int both = bells.await();
        assertThat(both == 3 ? both : both | bells.await()).isEqualTo(3);
        var waiting = CompletableFuture.supplyAsync(bells::await);
        second.signal();
        assertThat(waiting.get(60, TimeUnit.SECONDS)).isEqualTo(2);
      }
      assertThat(first.take()).isEqualTo(2);
      assertThat(second.take()).isEqualTo(3);
    }
  }

  @Test
  void noCountersAreRefused() {
    assertThatThrownBy(() -> new Doorbells()).isInstanceOf(IllegalArgumentException.class);
  }
}
