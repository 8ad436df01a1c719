/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.linux.net.MacAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Twenty guests on one switch. */
class SwitchCrowdTest {
  private static final int GUESTS = 20;
  private static final MacAddress ALL = MacAddress.parse("ff:ff:ff:ff:ff:ff");
  private static final MacAddress NOBODY = MacAddress.parse("02:00:00:00:0e:0e");
  private static final int ROOM = 2048;

  private final Switch net = new Switch("crowd");
  private final List<SwitchGuest> guests = new ArrayList<>();

  @BeforeEach
  void plugAll() {
    for (int i = 0; i < GUESTS; i++) {
      guests.add(
          new SwitchGuest(net, address(i), NetFeatures.MERGEABLE_BUFFERS, i % 2 == 1, Set.of()));
    }
  }

  @AfterEach
  void end() {
    guests.forEach(SwitchGuest::close);
    net.close();
  }

  private static MacAddress address(int guest) {
    return MacAddress.parse("02:00:00:00:01:%02x".formatted(guest));
  }

  /** The number of frames that wait for a guest. */
  private int received(int guest) {
    int count = 0;
    while (guests.get(guest).received() != null) {
      count++;
    }
    return count;
  }

  @Test
  void eachFrameReachesTheOneItIsForAndNobodyElse() {
    guests.forEach(one -> one.room(GUESTS, ROOM));
    for (int from = 0; from < GUESTS; from++) {
      for (int to = 0; to < GUESTS; to++) {
        guests.get(from).send(TestFrames.plain(address(from), address(to), 1 + from));
      }
    }
    for (int to = 0; to < GUESTS; to++) {
      for (int from = 0; from < GUESTS; from++) {
        if (from != to) { // what one sends to itself goes nowhere
          assertThat(guests.get(to).received()).hasSize(Frame.HEADER + Frame.ETHERNET + 1 + from);
        }
      }
      assertThat(guests.get(to).received()).isNull();
    }
  }

  @Test
  void groupFramesReachAllOthersAndUnknownAddressesNobody() {
    guests.forEach(one -> one.room(2, ROOM));
    guests.get(7).send(TestFrames.plain(address(7), ALL, 10));
    guests.get(7).send(TestFrames.plain(address(7), NOBODY, 10));
    for (int i = 0; i < GUESTS; i++) {
      assertThat(received(i)).as("guest %d", i).isEqualTo(i == 7 ? 0 : 1);
    }
  }

  @Test
  void aGuestThatTakesNothingMissesGroupFramesAlone() {
    guests.stream().skip(1).forEach(one -> one.room(3, ROOM));
    for (int i = 0; i < 3; i++) {
      guests.get(5).send(TestFrames.plain(address(5), ALL, 10));
    }
    assertThat(received(0)).isZero();
    for (int i = 1; i < GUESTS; i++) {
      assertThat(received(i)).as("guest %d", i).isEqualTo(i == 5 ? 0 : 3);
    }
  }

  @Test
  void whileOneSenderWaitsForItsReceiverOthersSend() {
    guests.get(0).send(TestFrames.plain(address(0), address(1), 10)); // which has no room
    guests.stream().skip(2).forEach(one -> one.room(1, ROOM));
    for (int i = 2; i < GUESTS; i++) {
      int to = i + 1 < GUESTS ? i + 1 : 2;
      guests.get(i).send(TestFrames.plain(address(i), address(to), 10));
    }
    for (int i = 2; i < GUESTS; i++) {
      assertThat(received(i)).as("guest %d", i).isEqualTo(1);
    }
  }

  @Test
  void anAddressThatMovesIsFollowed() throws Exception {
    var left = new FakeTap();
    var right = new FakeTap();
    guests.get(0).room(4, ROOM);
    AutoCloseable one = net.trunk(left);
    AutoCloseable other = net.trunk(right);
    try {
      left.deliver(TestFrames.plain(NOBODY, address(0), 10));
      guests.get(0).send(TestFrames.plain(address(0), NOBODY, 10));
      assertThat(List.of(left.sent, right.sent)).containsExactly(1, 0);
      right.deliver(TestFrames.plain(NOBODY, address(0), 10));
      guests.get(0).send(TestFrames.plain(address(0), NOBODY, 10));
      assertThat(List.of(left.sent, right.sent)).containsExactly(1, 1);
      assertThat(received(0)).isEqualTo(2);
    } finally {
      one.close();
      other.close();
    }
    guests.get(0).send(TestFrames.plain(address(0), NOBODY, 10));
    assertThat(List.of(left.sent, right.sent)).containsExactly(1, 1);
  }

  @Test
  void theAddressOfAGuestThatLeftIsFreeForAnother() {
    SwitchGuest gone = guests.removeFirst();
    gone.close();
    guests.getFirst().send(TestFrames.plain(address(1), address(0), 10));
    var next = new SwitchGuest(net, address(0), 0, false, Set.of());
    guests.addFirst(next);
    next.room(1, ROOM);
    guests.get(1).send(TestFrames.plain(address(1), address(0), 10));
    assertThat(received(0)).isEqualTo(1);
  }
}
