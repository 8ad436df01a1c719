/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.linux.net.MacAddress;
import dev.caisson.virtio.driver.TestDriver;
import dev.caisson.virtio.driver.TestGuest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a sender kicks and hears, by a clock of the test's own. The driver always wants to hear. */
class TransmitLaneTest {
  private static final int QUEUE = 64;
  private static final int QUARTER = QUEUE / 4;
  private static final long QUICK = 20_000; // nanoseconds from frame to frame
  private static final long SLOW = 5_000_000;
  private static final byte[] SMALL =
      TestFrames.plain(new MacAddress(0x0200_0000_000aL), new MacAddress(0x0200_0000_000bL), 46);

  private long clock = 1_000_000_000;
  private final TestGuest guest = new TestGuest(8 << 20, false);
  private final TestDriver driver = guest.queue(QUEUE, 0);
  private final Receiver receiver = new Receiver();
  private final TransmitLane lane =
      new TransmitLane(driver.deviceQueue(), receiver, 0, NetFeatures.OFFLOADS, 1500, () -> clock);

  /** Takes what has room. */
  private static final class Receiver implements NetworkSide {
    int room = Integer.MAX_VALUE;
    int taken;
    int told;
    int toldBefore; // the last frame was sent

    @Override
    public long offloads() {
      return NetFeatures.OFFLOADS;
    }

    @Override
    public void start(long features, FramePort port) {}

    @Override
    public Verdict send(Frame frame, int lane) {
      if (taken == room) {
        return Verdict.LATER;
      }
      toldBefore = told;
      taken++;
      return Verdict.DONE;
    }

    @Override
    public void flush(int lane) {
      told = taken;
    }

    @Override
    public void stop() {}

    @Override
    public void close() {}
  }

  @BeforeEach
  void asleep() {
    lane.kicked();
    assertThat(lane.patience()).isEqualTo(-1);
  }

  @AfterEach
  void end() {
    guest.close();
  }

  private void offer(int frames) {
    for (int i = 0; i < frames; i++) {
      driver.offer(SMALL, 0);
    }
  }

  private void reclaim() {
    while (driver.answer() != null) {
      Thread.onSpinWait();
    }
  }

  /** One frame, and the kick if it is asked for. */
  private void send(long pause) {
    clock += pause;
    reclaim();
    offer(1);
    if (driver.wantsKick()) {
      lane.kicked();
    } else {
      lane.rested();
    }
  }

  private void flood() {
    for (int i = 0; i < 100 && driver.wantsKick(); i++) {
      send(QUICK);
    }
    assertThat(driver.wantsKick()).isFalse();
  }

  @Test
  void aSenderThatGoesOnNeedNotHearThatFramesLeft() {
    send(SLOW);
    send(SLOW);
    assertThat(receiver.told).isEqualTo(2);
    assertThat(driver.interrupts()).isZero();
    assertThat(lane.patience()).isPositive();
    lane.rested();
    assertThat(driver.interrupts()).isEqualTo(1);
    assertThat(lane.patience()).isEqualTo(-1);
  }

  @Test
  void aSenderThatWaitsToHearHearsAtOnceBeforeLong() {
    int late = 0;
    for (int i = 0; i < 3000; i++) {
      int heard = driver.interrupts();
      send(SLOW);
      if (driver.interrupts() == heard) {
        late++;
        assertThat(lane.patience()).isPositive();
        lane.rested();
        assertThat(driver.interrupts()).isEqualTo(heard + 1);
      }
    }
    assertThat(late).isLessThan(15);
  }

  @Test
  void aFloodIsLookedForWithoutKicks() {
    flood();
    int heard = driver.interrupts();
    for (int i = 0; i < 20; i++) {
      reclaim();
      int before = receiver.taken;
      assertThat(lane.patience()).isBetween(20, 250);
      assertThat(driver.wantsKick()).isFalse();
      offer(4);
      clock += 4 * QUICK;
      lane.rested();
      assertThat(receiver.told).isEqualTo(before + 4);
    }
    assertThat(driver.interrupts() - heard).isLessThanOrEqualTo(20 * 4 / QUARTER + 1);
  }

  @Test
  void whoIsLookedForInVainHearsAndKicks() {
    flood();
    int heard = driver.interrupts();
    clock += 250_000;
    lane.rested();
    assertThat(driver.interrupts()).isEqualTo(heard + 1);
    assertThat(driver.wantsKick()).isTrue();
    assertThat(lane.patience()).isEqualTo(-1);
  }

  @Test
  void looksThatAreInVainBecomeRare() {
    int looks = 0;
    for (int i = 0; i < 5000; i++) {
      clock += QUICK;
      reclaim();
      offer(4);
      lane.kicked();
      if (!driver.wantsKick()) {
        looks++;
        lane.rested(); // nothing: it waited to hear
      } else if (lane.patience() > 0) {
        lane.rested();
      }
    }
    assertThat(looks).isBetween(1, 20);
  }

  @Test
  void aDriverHearsWhenAQuarterOfItsRingWasUsed() {
    offer(3 * QUARTER);
    lane.kicked();
    assertThat(driver.interrupts()).isEqualTo(3);
  }

  @Test
  void ofALargeFrameTheReceiverHearsBeforeTheNextIsSent() {
    byte[] large =
        TestFrames.header(
            TestFrames.tcp4(
                new MacAddress(0x0200_0000_000aL), new MacAddress(0x0200_0000_000bL), 40_000),
            1,
            Frame.TCP4,
            1448,
            34,
            16);
    driver.offer(large, 0);
    offer(1);
    lane.kicked();
    assertThat(receiver.toldBefore).as("told of the first when the second was sent").isEqualTo(1);
    flood();
    driver.offer(large, 0);
    lane.rested();
    assertThat(driver.wantsKick()).as("large frames are not waited for").isTrue();
  }

  @Test
  void aSenderThatMustWaitHearsOfAllThatLeft() {
    receiver.room = 5;
    offer(8);
    lane.kicked();
    assertThat(receiver.told).isEqualTo(5);
    assertThat(driver.interrupts()).isEqualTo(1);
    assertThat(lane.patience()).isEqualTo(-1);
    lane.rested(); // late: nothing may happen
    lane.kicked();
    assertThat(receiver.taken).isEqualTo(5);
    receiver.room = Integer.MAX_VALUE;
    assertThat(lane.resume(2)).isTrue();
    assertThat(lane.resume(2)).isFalse();
    assertThat(receiver.told).isEqualTo(8);
    assertThat(driver.wantsKick()).isTrue();
    assertThat(driver.interrupts()).isEqualTo(3);
  }

  @Test
  void whoIsBlockedWhileItWasLookedForGoesOn() {
    flood();
    receiver.room = receiver.taken + 1;
    reclaim();
    offer(3);
    lane.rested();
    assertThat(receiver.taken).isEqualTo(receiver.room);
    assertThat(lane.patience()).isEqualTo(-1);
    receiver.room = Integer.MAX_VALUE;
    assertThat(lane.resume(256)).isFalse();
    assertThat(driver.wantsKick()).isTrue();
  }

  @Test
  void aLaneThatStopsTellsWhatIsLeft() {
    send(SLOW);
    assertThat(driver.interrupts()).isZero();
    lane.stop();
    assertThat(driver.interrupts()).isEqualTo(1);
    assertThat(lane.resume(1)).isFalse();
  }
}
