/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.driver.TestDriver;
import dev.caisson.virtio.driver.TestGuest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ClosedChannelException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConsoleDeviceTest {
  private static final long MULTIPLE_PORTS = 2;
  private static final int SIZE = 16;
  private static final int CONTROL_IN = 2;
  private static final int CONTROL_OUT = 3;
  private static final int PORT_IN = 4;
  private static final int PORT_OUT = 5;

  private final ConsolePort console = ConsolePort.console();
  private final ConsolePort port = ConsolePort.named("caisson.control");
  private final ConsoleDevice device = new ConsoleDevice(List.of(console, port));
  private TestGuest guest;
  private List<TestDriver> queues;

  private void boot(boolean packed) {
    guest = new TestGuest(1 << 20, packed);
    queues = guest.start(device, MULTIPLE_PORTS, SIZE);
    for (int i = 0; i < 8; i++) {
      queues.get(CONTROL_IN).offer(new byte[0], 64);
    }
    device.kicked(CONTROL_IN);
    say(0, ControlMessage.DEVICE_READY, 1);
  }

  @AfterEach
  void end() {
    device.close();
    guest.close();
  }

  private void say(int id, int event, int value) {
    byte[] message = new ControlMessage(id, event, value).encode(new byte[0]);
    queues.get(CONTROL_OUT).offer(message, 0);
    device.kicked(CONTROL_OUT);
  }

  private List<String> heard() {
    List<String> messages = new ArrayList<>();
    for (var answer = queues.get(CONTROL_IN).answer();
        answer != null;
        answer = queues.get(CONTROL_IN).answer()) {
      ByteBuffer bytes = ByteBuffer.wrap(answer.bytes()).order(ByteOrder.LITTLE_ENDIAN);
      String text = bytes.getInt() + " " + bytes.getShort() + " " + bytes.getShort();
      String rest = StandardCharsets.US_ASCII.decode(bytes).toString();
      messages.add(rest.isEmpty() ? text : text + " " + rest);
    }
    return messages;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aDriverLearnsNamesAndWhatIsOpen(boolean packed) {
    boot(packed);
    assertThat(heard()).containsExactly("0 1 1", "1 1 1");
    say(0, ControlMessage.PORT_READY, 1);
    say(1, ControlMessage.PORT_READY, 1);
    assertThat(heard()).containsExactly("0 4 1", "0 6 1", "1 7 1 caisson.control", "1 6 1");
    say(1, ControlMessage.PORT_OPEN, 1);
    assertThat(port.guestOpen()).isTrue();
    say(1, ControlMessage.PORT_OPEN, 0);
    assertThat(port.guestOpen()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void bytesFlowBothWaysAndWaitForTheirReader(boolean packed) throws Exception {
    boot(packed);
    say(1, ControlMessage.PORT_OPEN, 1);
    TestDriver output = queues.get(PORT_OUT);
    output.offer("hello ".getBytes(StandardCharsets.UTF_8), 2, 0);
    output.offer("world".getBytes(StandardCharsets.UTF_8), 0);
    device.kicked(PORT_OUT);
    assertThat(output.answer()).as("nothing is taken before somebody reads").isNull();
    ByteBuffer four = ByteBuffer.allocate(4);
    assertThat(port.read(four)).isEqualTo(4);
    assertThat(output.answer()).as("a request half read is not answered").isNull();
    ByteBuffer rest = ByteBuffer.allocate(100);
    assertThat(port.read(rest)).isEqualTo(7);
    assertThat(new String(rest.array(), 0, 7, StandardCharsets.UTF_8)).isEqualTo("o world");
    assertThat(output.answer()).isNotNull();
    assertThat(output.answer()).isNotNull();

    var written =
        CompletableFuture.supplyAsync(() -> {
          try {
            return port.write(ByteBuffer.wrap(new byte[100]));
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
    queues.get(PORT_IN).offer(new byte[0], 60);
    device.kicked(PORT_IN);
    queues.get(PORT_IN).offer(new byte[0], 60);
    device.kicked(PORT_IN);
    assertThat(written.get(60, TimeUnit.SECONDS)).isEqualTo(100);
    assertThat(queues.get(PORT_IN).answer().bytes()).hasSize(60);
    assertThat(queues.get(PORT_IN).answer().bytes()).hasSize(40);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aFloodOccupiesNothingOfTheHost(boolean packed) {
    boot(packed);
    for (int i = 0; i < SIZE; i++) {
      queues.get(PORT_OUT).offer(new byte[1024], 0);
      device.kicked(PORT_OUT);
    }
    assertThat(queues.get(PORT_OUT).answer()).isNull();
    for (int i = 0; i < 100_000; i++) {
      device.kicked(PORT_OUT);
    }
    heard();
    for (int i = 0; i < 1000; i++) { // more questions than room for answers
      say(1, ControlMessage.PORT_READY, 1);
      queues.get(CONTROL_OUT).answer();
      if (i == 0) {
        assertThat(heard()).containsExactly("1 7 1 caisson.control", "1 6 1");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aClosedPortThrowsAwayAndSaysSo(boolean packed) throws Exception {
    boot(packed);
    say(1, ControlMessage.PORT_READY, 1);
    heard();
    port.close();
    assertThat(heard()).containsExactly("1 6 0");
    queues.get(PORT_OUT).offer(new byte[10], 0);
    device.kicked(PORT_OUT);
    assertThat(queues.get(PORT_OUT).answer()).isNotNull();
    assertThatThrownBy(() -> port.read(ByteBuffer.allocate(1)))
        .isInstanceOf(ClosedChannelException.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theEndOfTheDeviceIsTheEndOfTheStream(boolean packed) throws Exception {
    boot(packed);
    var read =
        CompletableFuture.supplyAsync(() -> {
          try {
            return port.read(ByteBuffer.allocate(1));
          } catch (Exception e) {
            throw new IllegalStateException(e);
          }
        });
    device.close();
    assertThat(read.get(60, TimeUnit.SECONDS)).isEqualTo(-1);
    assertThatThrownBy(() -> port.write(ByteBuffer.allocate(1))).hasMessageContaining("gone");
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aStoppedDeviceGoesOnInTheMiddleOfARequest(boolean packed) throws Exception {
    boot(packed);
    say(1, ControlMessage.PORT_READY, 1);
    say(1, ControlMessage.PORT_OPEN, 1);
    queues.get(PORT_OUT).offer("abcdef".getBytes(StandardCharsets.UTF_8), 0);
    port.read(ByteBuffer.allocate(2));
    device.stop();
    ConsolePort other = ConsolePort.named("caisson.control");
    var restored = new ConsoleDevice(List.of(ConsolePort.console(), other));
    restored.restore(device.state());
    restored.start(MULTIPLE_PORTS, queues.stream().map(TestDriver::deviceQueue).toList());
    ByteBuffer rest = ByteBuffer.allocate(10);
    assertThat(other.read(rest)).isEqualTo(4);
    assertThat(other.guestOpen()).isTrue();
    restored.close();
    assertThatThrownBy(() -> restored.restore(new byte[5])).isInstanceOf(VirtioException.class);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void withoutTheControlChannelThereIsOneConsole(boolean packed) throws Exception {
    guest = new TestGuest(1 << 20, packed);
    queues = guest.start(device, 0, SIZE);
    queues.get(1).offer("x".getBytes(StandardCharsets.UTF_8), 0);
    device.kicked(1);
    assertThat(console.read(ByteBuffer.allocate(5))).isEqualTo(1);
    device.resize(80, 24);
  }
}
