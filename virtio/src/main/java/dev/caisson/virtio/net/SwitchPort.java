/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/** One place on a switch: a guest's, with a hardware address of its own, or a trunk's. */
public final class SwitchPort implements NetworkSide {
  /** Frames a sender may send on the switch's thread before others have their turn. */
  private static final int TURN = 256;

  private static final int MOST_LANES = 64;

  private final Switch owner;
  private final @Nullable SourceGuard guard;
  private final Waiting[] waiting = new Waiting[MOST_LANES];
  private final @Nullable SwitchPort[] touched = new SwitchPort[MOST_LANES];
  private final AtomicLong forged = new AtomicLong();
  private final AtomicLong overrun = new AtomicLong();
  private volatile @Nullable FramePort sink;
  private volatile boolean stalled;

  /** A lane of this port that waits for room elsewhere. */
  private final class Waiting implements Runnable {
    private final int lane;
    private volatile long times;

    Waiting(int lane) {
      this.lane = lane;
    }

    /** There is room; told on the receiver's thread, whose work this is not. */
    @Override
    public void run() {
      owner.execute(this::resume);
    }

    private void resume() {
      FramePort port = sink;
      if (port != null && port.resume(lane, TURN)) {
        owner.execute(this::resume);
      }
    }
  }

  SwitchPort(Switch owner, @Nullable SourceGuard guard) {
    this.owner = owner;
    this.guard = guard;
    for (int i = 0; i < MOST_LANES; i++) {
      waiting[i] = new Waiting(i);
    }
  }

  boolean isTrunk() {
    return guard == null;
  }

  long hardware() {
    return guard == null ? -1 : guard.hardware();
  }

  /** Frames dropped because they named another sender. */
  public long forged() {
    return forged.get();
  }

  /** Frames for this port dropped because nobody took them for too long. */
  public long overrun() {
    return overrun.get();
  }

  @Override
  public long offloads() {
    return NetFeatures.OFFLOADS;
  }

  @Override
  public void start(long features, FramePort port) {
    sink = port;
    stalled = false;
    owner.join(this);
  }

  @Override
  public Verdict send(Frame frame, int lane) {
    boolean honest =
        guard == null ? owner.table().learn(frame.source(), this) : guard.permits(frame);
    if (!honest) {
      forged.incrementAndGet();
      return Verdict.DONE;
    }
    long destination = frame.destination();
    SwitchPort target = Frame.group(destination) ? null : owner.table().find(destination);
    if (target == null) {
      flood(frame, lane, !Frame.group(destination));
      return Verdict.DONE;
    }
    return target == this ? Verdict.DONE : target.deliver(frame, lane, this);
  }

  /** Guests' addresses are known, so what is unknown can only be behind a trunk. */
  private void flood(Frame frame, int lane, boolean trunksOnly) {
    for (SwitchPort port : owner.ports()) {
      FramePort other = port.sink;
      if (port != this && other != null && (port.isTrunk() || !trunksOnly)) {
        other.receive(frame, lane, null);
        other.flush(lane);
      }
    }
  }

  private Verdict deliver(Frame frame, int lane, SwitchPort sender) {
    FramePort port = sink;
    if (port == null) {
      return Verdict.DONE;
    }
    Waiting waiter = sender.waiting[lane];
    switch (port.receive(frame, lane, stalled ? null : waiter)) {
      case TAKEN -> {
        stalled = false;
        sender.touch(this, lane);
      }
      case FULL -> {
        if (!stalled) {
          long time = waiter.times + 1; // one thread at a time is in a lane
          waiter.times = time;
          owner.afterPatience(() -> giveUp(port, lane, waiter, time));
          return Verdict.LATER;
        }
        overrun.incrementAndGet();
      }
      case DROPPED -> {}
    }
    return Verdict.DONE;
  }

  /** A guest that takes nothing for so long must not hold up others. */
  private void giveUp(FramePort port, int lane, Waiting waiter, long time) {
    if (waiter.times == time && port.giveUp(lane, waiter)) {
      stalled = true;
      waiter.resume();
    }
  }

  private void touch(SwitchPort receiver, int lane) {
    SwitchPort before = touched[lane];
    if (before != receiver) {
      flushOne(before, lane);
      touched[lane] = receiver;
    }
  }

  private static void flushOne(@Nullable SwitchPort receiver, int lane) {
    FramePort port = receiver == null ? null : receiver.sink;
    if (port != null) {
      port.flush(lane);
    }
  }

  @Override
  public void flush(int lane) {
    flushOne(touched[lane], lane);
    touched[lane] = null;
  }

  @Override
  public void stop() {
    owner.leave(this);
    sink = null;
  }

  @Override
  public void close() {
    stop();
    owner.release(this);
  }
}
