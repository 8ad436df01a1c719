/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.linux.Fd;
import dev.caisson.linux.io.Memfd;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.vmm.VmmException;
import dev.caisson.vmm.machine.MachineEnd;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What travels between a machine's process and its owner, and what a guest may make of it. */
@Timeout(60)
class MachineLinkTest {
  private static final Duration LONG = Duration.ofSeconds(50);

  private final List<UnixSocket> pair = UnixSocket.pair(SocketKind.SEQUENCED_PACKETS);
  private final UnixSocket process = pair.getLast();
  private final MachineLink link = new MachineLink(pair.getFirst(), "test");
  private final MachineOrder order =
      new MachineOrder(
          "tiny",
          4 << 20,
          2,
          "quiet",
          List.of(
              new MachineOrder.Lent(DeviceType.FILE_SYSTEM, "caisson", 1),
              new MachineOrder.Lent(DeviceType.BLOCK, "", 0)),
          List.of(new MachineOrder.Card("02:00:00:00:00:01", 1500)));

  @AfterEach
  void close() {
    link.close();
    process.close();
  }

  private void answers(byte[]... messages) {
    Thread.ofPlatform()
        .daemon()
        .start(() -> {
          process.receive(MachineOrder.LONGEST).close();
          for (byte[] message : messages) {
            process.sendFully(message);
          }
        });
  }

  @Test
  void anOrderArrivesAsItWasGivenWithItsDescriptors() throws Exception {
    assertThat(MachineOrder.parse(order.encode())).isEqualTo(order);
    try (Fd file = Memfd.create("given")) {
      answers(new MachineReport.Running().encode());
      link.begin(order, Collections.nCopies(order.descriptors(), file), LONG);
    }
    process.sendFully(new MachineReport.Ended(MachineEnd.Kind.RESET, "again\nand").encode());
    assertThat(link.ended().get(50, TimeUnit.SECONDS))
        .isEqualTo(new MachineEnd(MachineEnd.Kind.RESET, "again\nand"));
  }

  @Test
  void ordersThatAreCutShortOrWildAreRefused() {
    byte[] good = order.encode();
    for (int length = 0; length < good.length; length++) {
      byte[] cut = Arrays.copyOf(good, length);
      assertThatThrownBy(() -> MachineOrder.parse(cut)).isInstanceOf(VmmException.class);
    }
    var random = new Random(5);
    for (int round = 0; round < 5000; round++) {
      byte[] garbled = good.clone();
      garbled[random.nextInt(good.length)] = (byte) random.nextInt();
      try {
        var _ = MachineOrder.parse(garbled);
      } catch (VmmException e) {
        assertThat(e.kind()).isEqualTo(VmmException.Kind.INVALID);
      }
    }
  }

  @Test
  void aRefusalIsThrownHere() {
    answers(new MachineReport.Refused(VmmException.Kind.BAD_IMAGE, "offset 0x0").encode());
    assertThatThrownBy(() -> link.order(MachineProcess.PAUSE, LONG))
        .isInstanceOfSatisfying(
            VmmException.class, e -> assertThat(e.kind()).isEqualTo(VmmException.Kind.BAD_IMAGE))
        .hasMessage("offset 0x0");
  }

  @Test
  void aSilentProcessIsNotWaitedForWithoutEnd() {
    assertThatThrownBy(() -> link.order(MachineProcess.PAUSE, Duration.ofMillis(50)))
        .hasMessageContaining("silent");
  }

  /** Nothing of it is a report: the link ends, which ends the process. */
  @Test
  void aProcessThatSpeaksOtherwiseIsGivenUp() {
    answers("Rabbit".getBytes(StandardCharsets.UTF_8));
    assertThatThrownBy(() -> link.order(MachineProcess.PAUSE, LONG))
        .isInstanceOfSatisfying(
            VmmException.class, e -> assertThat(e.kind()).isEqualTo(VmmException.Kind.HOST));
    assertThat(link.ended()).failsWithin(Duration.ofSeconds(50));
    assertThatThrownBy(() -> link.order(MachineProcess.RESUME, LONG))
        .isInstanceOfSatisfying(
            VmmException.class, e -> assertThat(e.kind()).isEqualTo(VmmException.Kind.WRONG_STATE));
  }

  @Test
  void reportsNobodyAskedForAndEndsTwiceAreSurvived() throws Exception {
    process.sendFully(new MachineReport.Ended(MachineEnd.Kind.FAULT, "first").encode());
    process.sendFully(new MachineReport.Ended(MachineEnd.Kind.RESET, "second").encode());
    process.sendFully(new MachineReport.Done().encode());
    assertThat(link.ended().get(50, TimeUnit.SECONDS).cause()).isEqualTo("first");
  }

  @Test
  void anyBytesAreAReportOrNone() {
    var random = new Random(9);
    for (int round = 0; round < 20_000; round++) {
      byte[] bytes = new byte[random.nextInt(40)];
      random.nextBytes(bytes);
      if (bytes.length > 0 && random.nextBoolean()) {
        bytes[0] = (byte) "RDNE".charAt(random.nextInt(4));
      }
      try {
        assertThat(MachineReport.parse(bytes)).isNotNull();
      } catch (VmmException e) {
        assertThat(e.kind()).isEqualTo(VmmException.Kind.INVALID);
      }
    }
  }

  @Test
  void aProcessThatGoesIsNoticed() {
    process.shutdown();
    assertThat(link.ended())
        .failsWithin(Duration.ofSeconds(50))
        .withThrowableOfType(ExecutionException.class);
  }
}
