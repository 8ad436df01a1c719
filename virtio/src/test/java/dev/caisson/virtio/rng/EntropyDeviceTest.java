/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.rng;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.virtio.driver.TestDriver;
import dev.caisson.virtio.driver.TestGuest;
import java.security.SecureRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EntropyDeviceTest {
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bytesComeAndNeverMoreThanAreAskedFor(boolean packed) {
    var device = new EntropyDevice(new SecureRandom());
    try (TestGuest guest = new TestGuest(1 << 20, packed)) {
      TestDriver queue = guest.start(device, 0, 16).getFirst();
      queue.offer(new byte[0], 64);
      queue.offer(new byte[0], 100_000);
      queue.offer(new byte[3], 0);
      device.kicked(0);
      assertThat(queue.answer().bytes()).hasSize(64).isNotEqualTo(new byte[64]);
      assertThat(queue.answer().bytes()).hasSize(4096);
      assertThat(queue.answer().bytes()).isEmpty();
      device.stop();
      queue.offer(new byte[0], 64);
      device.kicked(0);
      assertThat(queue.answer()).isNull();
    }
  }
}
