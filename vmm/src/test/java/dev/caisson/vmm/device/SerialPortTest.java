/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** The port as Linux's 8250 driver uses it. */
class SerialPortTest {
  private final List<Integer> sent = new ArrayList<>();
  private final AtomicInteger interrupts = new AtomicInteger();
  private final SerialPort port = new SerialPort(sent::add, interrupts::incrementAndGet);

  @Test
  void bytesGoOutAndTheTransmitterIsIdleAtOnce() {
    port.write(0, 1, 'h');
    port.write(0, 1, 'i');
    assertThat(sent).containsExactly((int) 'h', (int) 'i');
    assertThat(port.read(5, 1)).isEqualTo(0x60);
    assertThat(interrupts).hasValue(0);
  }

  @Test
  void anEmptyTransmitterInterruptsOnceForEachByteAndWhenAskedFor() {
    port.write(1, 1, 2);
    assertThat(interrupts).hasValue(1);
    assertThat(port.read(2, 1)).isEqualTo(2);
    assertThat(port.read(2, 1)).isEqualTo(1);
    port.write(0, 1, 'x');
    assertThat(interrupts).hasValue(2);
    assertThat(port.read(2, 1)).isEqualTo(2);
  }

  @Test
  void inputInterruptsAndComesInOrder() {
    port.write(1, 1, 1);
    assertThat(port.receive("ab".getBytes())).isEqualTo(2);
    assertThat(interrupts).hasValue(1);
    assertThat(port.read(2, 1)).isEqualTo(4);
    assertThat(port.read(5, 1)).isEqualTo(0x61);
    assertThat(port.read(0, 1)).isEqualTo('a');
    assertThat(port.read(0, 1)).isEqualTo('b');
    assertThat(port.read(5, 1)).isEqualTo(0x60);
    assertThat(port.read(0, 1)).isZero();
  }

  @Test
  void theProbesOfTheDriverAreAnswered() {
    port.write(4, 1, 0x1a); // loop, OUT2, RTS
    assertThat(port.read(6, 1) & 0xf0).isEqualTo(0x90);
    port.write(0, 1, 'l');
    assertThat(port.read(0, 1)).isEqualTo('l');
    assertThat(sent).isEmpty();
    port.write(4, 1, 0);
    port.write(2, 1, 1);
    assertThat(port.read(2, 1) & 0xc0).isEqualTo(0xc0); // a working FIFO: 16550A
    port.write(3, 1, 0x80);
    port.write(0, 1, 1);
    port.write(1, 1, 0);
    assertThat(port.read(0, 1)).isEqualTo(1);
    port.write(3, 1, 3);
    assertThat(sent).isEmpty();
    port.write(7, 1, 0x5a);
    assertThat(port.read(7, 1)).isEqualTo(0x5a);
  }

  @Test
  void inputIsBounded() {
    assertThat(port.receive(new byte[10_000])).isEqualTo(4096);
    port.write(2, 1, 3);
    assertThat(port.receive(new byte[1])).isEqualTo(1);
  }

  @Test
  void anyAccessIsSurvived() {
    var random = new Random(53);
    for (int i = 0; i < 20_000; i++) {
      int size = 1 << random.nextInt(3);
      if (random.nextBoolean()) {
        port.write(random.nextInt(8), size, random.nextInt());
      } else {
        assertThat(port.read(random.nextInt(8), size)).isBetween(0L, 255L);
      }
    }
  }
}
