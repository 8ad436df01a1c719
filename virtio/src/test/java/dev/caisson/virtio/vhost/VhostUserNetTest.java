/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vhost;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.linux.net.MacAddress;
import dev.caisson.virtio.Features;
import dev.caisson.virtio.driver.TestDriver;
import dev.caisson.virtio.net.NetDevice;
import dev.caisson.virtio.net.NetFeatures;
import dev.caisson.virtio.net.Switch;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Guests of two other VMMs on our switch. */
class VhostUserNetTest {
  private static final MacAddress A = MacAddress.parse("02:00:00:00:00:0a");
  private static final MacAddress B = MacAddress.parse("02:00:00:00:00:0b");
  private static final long MERGEABLE = 1L << 15;
  private static final int FRAMES = 500;

  @TempDir Path directory;

  /** One VMM with its guest's two queues. */
  private static final class Plugged implements AutoCloseable {
    final VhostUserServer server;
    final FrontEnd front;
    final TestDriver input;
    final TestDriver output;

    Plugged(Path socket, Switch net, MacAddress address, boolean packed) {
      server =
          new VhostUserServer(socket, new NetDevice(address, 1500, 1, net.port(address, Set.of())));
      front = new FrontEnd(socket, 32 << 20, packed);
      long features = Features.VERSION_1 | 1L << 30 | MERGEABLE | NetFeatures.OFFLOADS;
      features |= packed ? Features.PACKED_RING : 0;
      assertThat(front.ask(VhostMessage.GET_FEATURES) & features).isEqualTo(features);
      assertThat(front.ask(VhostMessage.GET_QUEUE_COUNT)).isEqualTo(1);
      front.send(VhostMessage.SET_FEATURES, FrontEnd.bytes(8).putLong(features).array());
      front.tellMemory();
      input = front.queue(0, 64, MERGEABLE, 0);
      output = front.queue(1, 64, 0, 0);
      // Requests are served in order: once this one is answered, both queues are, too. A frame sent
      // to a guest whose queues do not run yet would be lost.
      front.ask(VhostMessage.GET_FEATURES);
    }

    @Override
    public void close() {
      front.close();
      server.close();
    }
  }

  private static byte[] frame(int number) {
    var bytes = new byte[12 + 60];
    System.arraycopy(B.toBytes(), 0, bytes, 12, 6);
    System.arraycopy(A.toBytes(), 0, bytes, 18, 6);
    bytes[24] = (byte) 0x88;
    bytes[25] = (byte) 0xb5;
    bytes[30] = (byte) number;
    return bytes;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void framesArriveInOrderAndNoneIsLost(boolean packed) {
    var net = new Switch("vhost");
    try (Plugged a = new Plugged(directory.resolve("a"), net, A, packed);
        Plugged b = new Plugged(directory.resolve("b"), net, B, !packed)) {
      int sent = 0;
      int received = 0;
      long end = System.nanoTime() + 120_000_000_000L;
      while (received < FRAMES && System.nanoTime() < end) {
        while (b.input.offers() < 60) { // more than are on their way, so that none has to wait
          b.input.offer(new byte[0], 2048);
        }
        b.front.kick(0);
        while (sent < FRAMES && sent - received < 32) {
          a.output.offer(frame(sent++), 0);
        }
        a.front.kick(1);
        for (var got = b.input.answer(); got != null; got = b.input.answer()) {
          assertThat(got.bytes()).hasSize(72);
          assertThat(got.bytes()[30]).isEqualTo((byte) received++);
        }
        while (a.output.answer() != null) {
          Thread.onSpinWait();
        }
      }
      assertThat(received).isEqualTo(FRAMES);
    } finally {
      net.close();
    }
  }
}
