/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.linux.Fd;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.net.MacAddress;
import dev.caisson.linux.process.Namespace;
import dev.caisson.linux.process.NamespaceThread;
import dev.caisson.virtio.driver.TestDriver;
import dev.caisson.virtio.driver.TestGuest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Against the kernel's own network stack, in a namespace of its own. */
@Tag("integration")
class TapSideTest {
  private static final MacAddress GUEST = MacAddress.parse("02:00:00:00:00:0a");
  private static final long EVERYTHING = NetFeatures.OFFLOADS | NetFeatures.MERGEABLE_BUFFERS;
  private static final int KERNEL_ADDRESS = 0x0ae70801; // 10.231.8.1

  private final String namespace = "caisson-tap-" + ProcessHandle.current().pid();

  @BeforeEach
  void namespace() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "not root");
    assumeTrue(Files.exists(Path.of("/dev/net/tun")), "no /dev/net/tun");
    ip("netns", "add", namespace);
  }

  @AfterEach
  void remove() throws Exception {
    new ProcessBuilder("ip", "netns", "del", namespace).start().waitFor();
  }

  private static void ip(String... words) throws Exception {
    var command = new ArrayList<>(List.of("ip"));
    command.addAll(List.of(words));
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
  }

  private Fd tap(boolean several) {
    try (Fd target = Directory.openFile(Path.of("/run/netns/" + namespace), 0, OpenFlag.READ)) {
      return NamespaceThread.inside(Namespace.NETWORK, target, () -> TapSide.open("tap0", several));
    }
  }

  @Test
  void theKernelAnswersAGuest() throws Exception {
    Fd tap = tap(false);
    ip("-n", namespace, "addr", "add", "10.231.8.1/24", "dev", "tap0");
    ip("-n", namespace, "link", "set", "tap0", "up");
    try (TestGuest guest = new TestGuest(4 << 20, false);
        NetDevice device = new NetDevice(GUEST, 1500, 1, new TapSide(List.of(tap)))) {
      List<TestDriver> queues = guest.start(device, EVERYTHING, 64);
      ask(device, queues.get(1));
      assertThat(isAnswered(device, queues.get(0))).isTrue();
      device.stop();
    }
  }

  /** Those the kernel itself refuses, those our guard does, and sizes no frame has. */
  @Test
  void line51HostileFramesAreDroppedAndTheNextOneGoesOut() throws Exception {
    Fd tap = tap(false);
    ip("-n", namespace, "addr", "add", "10.231.8.1/24", "dev", "tap0");
    ip("-n", namespace, "link", "set", "tap0", "up");
    MacAddress other = MacAddress.parse("02:00:00:00:00:0b");
    byte[] tcp = TestFrames.tcp4(GUEST, other, 1400);
    int[][] headers = {
      {1, 0, 0, 0xffff, 0xffff}, {1, 0, 0, 34, 1500}, {1, 1, 0, 34, 16}, {0, 1, 100, 34, 16},
      {1, 3, 100, 34, 16}, {1, 5, 100, 34, 16}, {1, 0x81, 1, 34, 16}, {1, 255, 1, 34, 16}
    };
    try (TestGuest guest = new TestGuest(4 << 20, false);
        NetDevice device = new NetDevice(GUEST, 1500, 1, new TapSide(List.of(tap)))) {
      List<TestDriver> queues = guest.start(device, EVERYTHING, 64);
      TestDriver output = queues.get(1);
      for (int[] one : headers) {
        byte[] frame = TestFrames.header(tcp.clone(), one[0], one[1], one[2], one[3], one[4]);
        output.offer(frame, 0);
        device.kicked(1);
      }
      for (int size : new int[] {1, Frame.HEADER, Frame.HEADER + 13, 70_000}) {
        output.offer(new byte[size], 0);
        device.kicked(1);
      }
      assertThat(output.fault()).isNull();
      ask(device, output);
      assertThat(isAnswered(device, queues.get(0))).isTrue();
      device.stop();
    }
  }

  /** Who has the address of the kernel? */
  private static void ask(NetDevice device, TestDriver output) {
    byte[] question = TestFrames.arp(GUEST, GUEST, 0x0ae70802);
    question[Frame.HEADER + Frame.ETHERNET + 24] = 10;
    question[Frame.HEADER + Frame.ETHERNET + 25] = (byte) 231;
    question[Frame.HEADER + Frame.ETHERNET + 26] = 8;
    question[Frame.HEADER + Frame.ETHERNET + 27] = KERNEL_ADDRESS & 0xff;
    output.offer(question, 0);
    device.kicked(1); // the receiving thread waits for room once the answer is there
  }

  private static boolean isAnswered(NetDevice device, TestDriver input) throws Exception {
    boolean answered = false;
    long end = System.nanoTime() + 60_000_000_000L;
    while (!answered && System.nanoTime() < end) {
      input.offer(new byte[0], 2048);
      device.kicked(0);
      Thread.sleep(5);
      for (var one = input.answer(); one != null; one = input.answer()) {
        answered |=
            one.bytes()[Frame.HEADER + 12] == 8
                && one.bytes()[Frame.HEADER + 13] == 6
                && one.bytes()[Frame.HEADER + Frame.ETHERNET + 7] == 2;
      }
    }
    return answered;
  }

  @Test
  void aDeviceStopsWhileItsTapWaitsForRoom() throws Exception {
    Fd tap = tap(false);
    ip("-n", namespace, "addr", "add", "10.231.8.1/24", "dev", "tap0");
    ip("-n", namespace, "link", "set", "tap0", "up");
    try (TestGuest guest = new TestGuest(4 << 20, false);
        NetDevice device = new NetDevice(GUEST, 1500, 1, new TapSide(List.of(tap)))) {
      TestDriver input = guest.start(device, EVERYTHING, 64).get(0);
      String ask = "ip netns exec " + namespace + " ping -c 1 -W 1 10.231.8.2";
      long end = System.nanoTime() + 60_000_000_000L;
      while (!input.wantsKick() && System.nanoTime() < end) { // it does once somebody waits
        new ProcessBuilder(ask.split(" ")).redirectErrorStream(true).start().waitFor();
      }
      assertThat(input.wantsKick()).isTrue();
      device.stop();
    }
  }

  @Test
  void aTapOpenedOtherwiseIsRefused() {
    Fd none = Directory.openFile(Path.of("/dev/null"), 0, OpenFlag.READ_WRITE);
    assertThatThrownBy(() -> new TapSide(List.of(none))).hasMessageContaining("TUNGETIFF");
    none.close();
  }
}
