/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.linux.net.MacAddress;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SwitchTest {
  private static final MacAddress A = MacAddress.parse("02:00:00:00:00:0a");
  private static final MacAddress B = MacAddress.parse("02:00:00:00:00:0b");
  private static final MacAddress C = MacAddress.parse("02:00:00:00:00:0c");
  private static final MacAddress ALL = MacAddress.parse("ff:ff:ff:ff:ff:ff");
  private static final MacAddress ELSEWHERE = MacAddress.parse("02:00:00:00:0e:0e");
  private static final long EVERYTHING = NetFeatures.OFFLOADS | NetFeatures.MERGEABLE_BUFFERS;

  private static final long AWAITED_NANOS = 60_000_000_000L;

  private Switch net = new Switch("test");
  private final List<SwitchGuest> guests = new ArrayList<>();

  private SwitchGuest plug(MacAddress address, long features) {
    return plug(address, features, Set.of());
  }

  private SwitchGuest plug(MacAddress address, long features, Set<InetAddress> sources) {
    var guest = new SwitchGuest(net, address, features, guests.size() % 2 == 1, sources);
    guests.add(guest);
    return guest;
  }

  @AfterEach
  void end() {
    guests.forEach(SwitchGuest::close);
    net.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 60, 1500})
  void aFrameReachesTheGuestItIsFor(int payload) {
    SwitchGuest a = plug(A, EVERYTHING);
    SwitchGuest b = plug(B, EVERYTHING);
    SwitchGuest c = plug(C, EVERYTHING);
    b.room(4, 2048);
    c.room(4, 2048);
    byte[] frame = TestFrames.plain(A, B, payload);
    a.send(frame);
    byte[] received = b.received();
    frame[10] = 1; // number of buffers
    assertThat(received).isEqualTo(frame);
    assertThat(b.input.interrupts()).isEqualTo(1);
    assertThat(c.received()).isNull();
  }

  @Test
  void aGroupFrameReachesAllOthers() {
    SwitchGuest a = plug(A, EVERYTHING);
    SwitchGuest b = plug(B, EVERYTHING);
    SwitchGuest c = plug(C, EVERYTHING);
    List.of(a, b, c).forEach(one -> one.room(2, 2048));
    a.send(TestFrames.plain(A, ALL, 100));
    assertThat(b.received()).isNotNull();
    assertThat(c.received()).isNotNull();
    assertThat(a.received()).isNull();
  }

  @Test
  void aLargeFrameIsSpreadOverSmallBuffers() {
    SwitchGuest a = plug(A, EVERYTHING);
    SwitchGuest b = plug(B, EVERYTHING);
    b.room(30, 4096);
    byte[] frame = TestFrames.header(TestFrames.tcp4(A, B, 60_000), 1, Frame.TCP4, 1448, 34, 16);
    a.send(frame);
    var whole = ByteBuffer.allocate(70_000);
    int buffers = 0;
    for (byte[] part = b.received(); part != null; part = b.received()) {
      whole.put(part);
      buffers++;
    }
    assertThat(whole.position()).isEqualTo(frame.length);
    assertThat(buffers).isEqualTo(15);
    assertThat(whole.get(10)).isEqualTo((byte) 15);
    assertThat(whole.array()[frame.length - 1]).isEqualTo(frame[frame.length - 1]);
  }

  @Test
  void aGuestThatTakesOnlyFinishedFramesGetsThem() {
    SwitchGuest a = plug(A, EVERYTHING);
    SwitchGuest b = plug(B, 0);
    b.room(20, 1600);
    a.send(TestFrames.header(TestFrames.tcp4(A, B, 1000), 1, 0, 0, 34, 16));
    byte[] one = b.received();
    assertThat(one[0]).isZero();
    byte[] ipRight = TestFrames.tcp4(A, B, 1000);
    assertThat(one).hasSize(ipRight.length);
    a.send(TestFrames.header(TestFrames.tcp4(A, B, 5000), 1, Frame.TCP4, 1448, 34, 16));
    int payload = 0;
    int count = 0;
    for (byte[] frame = b.received(); frame != null; frame = b.received()) {
      assertThat(TestFrames.checksumsHold(frame)).isTrue();
      assertThat(ByteBuffer.wrap(frame).getInt(12 + 14 + 20 + 4)).isEqualTo(5_000_000 + payload);
      payload += frame.length - 12 - 54;
      boolean last = payload == 5000;
      assertThat(frame[12 + 14 + 20 + 13] & 9).isEqualTo(last ? 9 : 0);
      count++;
    }
    assertThat(count).isEqualTo(4);
    assertThat(payload).isEqualTo(5000);
  }

  @Test
  void aSenderWaitsForItsReceiverAndGoesOn() throws Exception {
    net.close();
    net = new Switch("patient", 600_000); // however late this thread gets to give room
    SwitchGuest a = plug(A, EVERYTHING);
    SwitchGuest b = plug(B, EVERYTHING);
    b.room(1, 2048);
    a.output.offer(TestFrames.plain(A, B, 1), 0);
    a.output.offer(TestFrames.plain(A, B, 2), 0);
    a.device.kicked(1);
    assertThat(b.received()).isNotNull();
    assertThat(b.received()).isNull();
    b.room(1, 2048);
    byte[] second = b.received();
    long end = System.nanoTime() + AWAITED_NANOS;
    while (second == null && System.nanoTime() < end) {
      Thread.sleep(2);
      second = b.received();
    }
    assertThat(second).hasSize(Frame.HEADER + Frame.ETHERNET + 2);
  }

  @Test
  void aReceiverThatTakesNothingHoldsUpNobody() throws Exception {
    SwitchGuest a = plug(A, EVERYTHING);
    SwitchGuest b = plug(B, EVERYTHING);
    SwitchGuest c = plug(C, EVERYTHING);
    c.room(4, 2048);
    a.output.offer(TestFrames.plain(A, B, 1), 0);
    a.output.offer(TestFrames.plain(A, C, 1), 0);
    for (int i = 0; i < 10_000; i++) {
      a.device.kicked(1);
    }
    byte[] passed = c.received();
    long end = System.nanoTime() + AWAITED_NANOS;
    while (passed == null && System.nanoTime() < end) {
      Thread.sleep(2);
      passed = c.received();
    }
    assertThat(passed).isNotNull();
    assertThat(b.port.overrun()).isEqualTo(1);
  }

  @Test
  void line58NobodySpeaksForSomebodyElse() throws Exception {
    SwitchGuest a = plug(A, EVERYTHING, Set.of(InetAddress.getByAddress(new byte[] {10, 0, 0, 1})));
    SwitchGuest b = plug(B, EVERYTHING);
    b.room(20, 2048);
    a.send(TestFrames.plain(B, B, 10));
    a.send(TestFrames.plain(C, B, 10));
    a.send(TestFrames.arp(A, B, 0x0a000001));
    a.send(TestFrames.arp(A, A, 0x0a000009));
    a.send(TestFrames.ethernet(A, B, 0x8100, new byte[50]));
    byte[] forged = TestFrames.tcp4(A, B, 10);
    forged[12 + 14 + 15] = 9; // 10.0.0.9
    a.send(forged);
    assertThat(b.received()).isNull();
    assertThat(a.port.forged()).isEqualTo(6);
    a.send(TestFrames.arp(A, A, 0x0a000001));
    a.send(TestFrames.tcp4(A, B, 10));
    assertThat(b.received()).isNotNull();
    assertThat(b.received()).isNotNull();
    assertThatThrownBy(() -> net.port(A, Set.of())).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> net.port(ALL, Set.of())).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void line58NobodyIsARouterOrAnswersForAnothersIpv6Address() throws Exception {
    byte[] own = new byte[16];
    own[0] = 0x20;
    own[15] = 1;
    byte[] other = own.clone();
    other[15] = 2;
    SwitchGuest a = plug(A, EVERYTHING, Set.of(InetAddress.getByAddress(own)));
    SwitchGuest b = plug(B, EVERYTHING);
    b.room(20, 2048);
    byte[] hopByHop = {58, 0, 5, 2, 0, 0, 1, 0};
    byte[] far = new byte[200];
    far[0] = 58;
    far[1] = 24;
    List<byte[]> refused =
        List.of(
            TestFrames.icmp6(A, B, own, 134, own),
            TestFrames.icmp6(A, B, own, 137, own),
            TestFrames.icmp6(A, B, own, 136, other),
            TestFrames.icmp6(A, B, own, 134, own, hopByHop),
            TestFrames.icmp6(A, B, own, 136, own, far),
            TestFrames.icmp6(A, B, other, 136, own));
    refused.forEach(a::send);
    assertThat(b.received()).isNull();
    assertThat(a.port.forged()).isEqualTo(refused.size());
    List<byte[]> permitted =
        List.of(
            TestFrames.icmp6(A, B, own, 136, own),
            TestFrames.icmp6(A, B, own, 135, other),
            TestFrames.icmp6(A, B, own, 143, other, hopByHop), // a report of groups
            TestFrames.icmp6(A, B, own, 128, own));
    for (byte[] frame : permitted) {
      a.send(frame);
      assertThat(b.received()).isNotNull();
    }
  }

  @Test
  void line51HostileHeadersAreDropped() {
    SwitchGuest a = plug(A, EVERYTHING);
    SwitchGuest b = plug(B, 0);
    b.room(60, 2048);
    byte[] tcp = TestFrames.tcp4(A, B, 1400);
    int[][] bad = {
      {1, 0, 0, 0xffff, 0xffff}, {1, 0, 0, 34, 1500}, {1, 0, 0, 0, 0}, {1, 1, 0, 34, 16},
      {0, 1, 100, 34, 16}, {1, 3, 100, 34, 16}, {1, 5, 100, 34, 16}, {1, 0x81, 100, 34, 16},
      {1, 1, 1, 34, 16}, {1, 4, 100, 34, 16}, {1, 1, 100, 20, 16}, {1, 1, 100, 140, 16},
      {1, 1, 100, 34, 6}, {1, 255, 1, 34, 16}
    };
    for (int[] one : bad) {
      a.send(TestFrames.header(tcp.clone(), one[0], one[1], one[2], one[3], one[4]));
      assertThat(b.received()).as("%s", Arrays.toString(one)).isNull();
    }
    a.send(new byte[1]);
    a.send(new byte[Frame.HEADER]);
    a.send(new byte[Frame.HEADER + 13]);
    a.send(TestFrames.plain(A, B, 1505));
    a.send(new byte[70_000]);
    assertThat(b.received()).isNull();
    assertThat(a.output.fault()).isNull();
    a.send(TestFrames.plain(A, B, 10));
    assertThat(b.received()).isNotNull();
  }

  @Test
  void anEmptyReceiveBufferBreaksTheReceiverOnly() {
    SwitchGuest a = plug(A, EVERYTHING);
    SwitchGuest b = plug(B, EVERYTHING);
    b.room(1, 5);
    a.send(TestFrames.plain(A, B, 10));
    assertThat(b.input.fault()).isNotNull();
    a.send(TestFrames.plain(A, B, 10));
    assertThat(a.output.fault()).isNull();
  }

  @Test
  void whatIsUnknownIsBehindTheTrunk() throws Exception {
    var outside = new FakeTap();
    AutoCloseable trunk = net.trunk(outside);
    try {
      SwitchGuest a = plug(A, EVERYTHING);
      SwitchGuest b = plug(B, EVERYTHING);
      a.room(4, 2048);
      b.room(4, 2048);
      a.send(TestFrames.plain(A, ELSEWHERE, 10));
      assertThat(outside.sent).isEqualTo(1);
      outside.deliver(TestFrames.plain(ELSEWHERE, A, 20));
      assertThat(a.received()).hasSize(46);
      outside.deliver(TestFrames.plain(B, A, 20));
      assertThat(a.received()).as("a guest's address from outside").isNull();
      a.send(TestFrames.plain(A, B, 10));
      assertThat(outside.sent).isEqualTo(1);
      assertThat(b.received()).isNotNull();
      b.send(TestFrames.plain(B, ALL, 10));
      assertThat(outside.sent).isEqualTo(2);
    } finally {
      trunk.close();
    }
  }
}
