/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import dev.caisson.virtio.Features;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.net.FramePort.Outcome;
import dev.caisson.virtio.queue.Chain;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One receive queue: puts frames into buffers the guest offered. Any thread may deliver. */
final class ReceiveLane {
  /** A frame of 64 KiB in buffers of one page needs 17. */
  private static final int MOST_BUFFERS = 64;

  private final DeviceQueue queue;
  private final boolean mergeable;
  private final boolean takesPartial;
  private final boolean takesTcp4;
  private final boolean takesTcp6;
  private final Chain[] chains = new Chain[MOST_BUFFERS];
  private final long[] written = new long[MOST_BUFFERS];
  private final Segmenter segmenter = new Segmenter();
  private List<Runnable> waiting = new ArrayList<>();
  private boolean open = true;
  private long taken;
  private long dropped;

  ReceiveLane(DeviceQueue queue, long features) {
    this.queue = queue;
    this.mergeable = Features.has(features, NetFeatures.MERGEABLE_BUFFERS);
    this.takesPartial = Features.has(features, NetFeatures.GUEST_CHECKSUM);
    this.takesTcp4 = Features.has(features, NetFeatures.GUEST_TSO4);
    this.takesTcp6 = Features.has(features, NetFeatures.GUEST_TSO6);
    queue.disableKicks(); // nobody waits for room yet
  }

  Outcome receive(Frame frame, @Nullable Runnable whenRoom) {
    synchronized (queue) {
      if (!open) {
        return Outcome.DROPPED;
      }
      try {
        return deliver(frame, whenRoom);
      } catch (VirtioException fault) {
        open = false;
        queue.fail(fault);
        return Outcome.DROPPED;
      }
    }
  }

  private Outcome deliver(Frame frame, @Nullable Runnable whenRoom) {
    int kind = frame.segmentation();
    if (kind != Frame.NO_SEGMENTS && !(kind == Frame.TCP4 ? takesTcp4 : takesTcp6)) {
      return deliverSegments(frame);
    }
    if (!takesPartial && frame.needsChecksum() && !frame.completeChecksum()) {
      dropped++;
      return Outcome.DROPPED;
    }
    Outcome outcome = place(frame);
    if (outcome == Outcome.FULL && whenRoom != null) {
      if (queue.enableKicks()) {
        queue.disableKicks();
        outcome = place(frame);
      }
      if (outcome == Outcome.FULL) {
        queue.enableKicks();
        waiting.add(whenRoom);
        return outcome;
      }
    }
    if (outcome == Outcome.TAKEN) {
      taken++;
    } else {
      dropped++;
    }
    return outcome;
  }

  /** What finds no room is dropped, as on a wire: TCP sends it again. */
  private Outcome deliverSegments(Frame frame) {
    int count = segmenter.open(frame);
    for (int i = 0; i < count; i++) {
      if (place(segmenter.segment(i)) == Outcome.TAKEN) {
        taken++;
      } else {
        dropped++;
      }
    }
    return count == 0 ? Outcome.DROPPED : Outcome.TAKEN;
  }

  private Outcome place(Frame frame) {
    int count = 0;
    long room = 0;
    while (room < frame.length()) {
      Chain chain = count == MOST_BUFFERS ? null : queue.poll();
      if (chain == null) {
        giveBack(count);
        return count == MOST_BUFFERS ? Outcome.DROPPED : Outcome.FULL;
      }
      if (chain.writable().length() < Frame.HEADER) {
        throw VirtioException.guest(
            "receive buffer of " + chain.writable().length() + " bytes holds no header");
      }
      chains[count++] = chain;
      room += chain.writable().length();
      if (!mergeable && room < frame.length()) {
        giveBack(count);
        return Outcome.DROPPED;
      }
    }
    frame.buffers(count);
    long done = 0;
    for (int i = 0; i < count; i++) {
      written[i] = frame.copyTo(done, chains[i].writable());
      done += written[i];
    }
    queue.completeAll(chains, written, count);
    return Outcome.TAKEN;
  }

  private void giveBack(int count) {
    for (int i = count - 1; i >= 0; i--) {
      queue.putBack(chains[i]);
    }
  }

  /** The guest offered buffers: who waited may try again. */
  void kicked() {
    List<Runnable> woken;
    synchronized (queue) {
      woken = waiting;
      waiting = new ArrayList<>();
      queue.disableKicks();
    }
    woken.forEach(Runnable::run);
  }

  /** Whether it had still been waiting. */
  boolean giveUp(Runnable whenRoom) {
    synchronized (queue) {
      return waiting.remove(whenRoom);
    }
  }

  void flush() {
    synchronized (queue) {
      if (open) {
        queue.flush();
      }
    }
  }

  void stop() {
    List<Runnable> woken;
    synchronized (queue) {
      open = false;
      woken = waiting;
      waiting = new ArrayList<>();
    }
    woken.forEach(Runnable::run);
  }

  long taken() {
    synchronized (queue) {
      return taken;
    }
  }

  long dropped() {
    synchronized (queue) {
      return dropped;
    }
  }
}
