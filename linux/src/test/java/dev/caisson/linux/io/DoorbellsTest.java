/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.linux.Fd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

  @Test
  void aClosedCounterIsSilentAndItsNumberFree() {
    var counter = EventCounter.create();
    counter.close();
    counter.signal();
    assertThat(counter.fd().isOpen()).isFalse();
  }

  @Test
  void severalCountersAreMadeOrNone() throws IOException {
    long before = count();
    assertThatThrownBy(() ->
            EventCounter.several(
                500,
                (counter, index) -> {
                  if (index == 499) {
                    throw new IllegalStateException("no more");
                  }
                }))
        .hasMessage("no more");
    assertThat(count()).isLessThan(before + 100); // others of this process come and go
  }

  private static long count() throws IOException {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  @Test
  void aPassedDescriptorMustBeACounter() {
    try (Fd memory = Memfd.create("no counter")) {
      assertThatThrownBy(() -> EventCounter.received(memory))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("memfd");
      assertThat(memory.isOpen()).isTrue();
    }
  }

  @Test
  void aPassedCounterThatIsFullHoldsNobody() {
    try (EventCounter full = EventCounter.create()) {
      var received = EventCounter.received(full.fd().duplicate());
      new Channel(full.fd()).write(new byte[] {-2, -1, -1, -1, -1, -1, -1, -1}, 0, 8);
      received.signal();
      received.close();
    }
  }
}
