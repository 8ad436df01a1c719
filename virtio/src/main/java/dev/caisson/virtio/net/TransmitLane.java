/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.queue.Chain;
import org.jspecify.annotations.Nullable;

/** One transmit queue: admits frames of the guest and hands them on. */
final class TransmitLane {
  /** How many frames may leave before the receiver is told of them. */
  private static final int BURST = 64;

  private final DeviceQueue queue;
  private final NetworkSide side;
  private final int number;
  private final long features;
  private final int mtu;
  private final Frame frame = new Frame();
  private boolean open = true;
  private boolean blocked;
  private long sent;
  private long refused;

  TransmitLane(DeviceQueue queue, NetworkSide side, int number, long features, int mtu) {
    this.queue = queue;
    this.side = side;
    this.number = number;
    this.features = features;
    this.mtu = mtu;
  }

  /** Sends what is there and what comes meanwhile, unless a receiver has no room. */
  void kicked() {
    synchronized (queue) {
      if (!blocked) {
        send(Integer.MAX_VALUE);
      }
    }
  }

  /**
   * The receiver has room again.
   *
   * @param most frames at most
   * @return whether there may be more
   */
  boolean resume(int most) {
    synchronized (queue) {
      if (!open) {
        return false; // its memory may be gone
      }
      blocked = false;
      try {
        return send(most);
      } catch (VirtioException fault) {
        open = false;
        queue.fail(fault);
        return false;
      }
    }
  }

  private boolean send(int most) {
    int left = most;
    do {
      queue.disableKicks();
      int inBurst = 0;
      for (Chain chain = next(left); chain != null; chain = next(left)) {
        if (!send(chain)) {
          blocked = true; // the receiver asks again; kicks are not needed until then
          endBurst();
          return false;
        }
        left--;
        if (++inBurst == BURST) {
          endBurst();
          inBurst = 0;
        }
      }
      endBurst();
      if (left == 0 && open) {
        return true;
      }
    } while (open && queue.enableKicks());
    return false;
  }

  private @Nullable Chain next(int left) {
    return open && left > 0 ? queue.poll() : null;
  }

  private boolean send(Chain chain) {
    boolean admitted = frame.begin(chain.readable()) && frame.admit(features, mtu);
    if (admitted && side.send(frame, number) == NetworkSide.Verdict.LATER) {
      queue.putBack(chain);
      return false;
    }
    if (admitted) {
      sent++;
    } else {
      refused++;
    }
    queue.complete(chain, 0);
    return true;
  }

  private void endBurst() {
    side.flush(number);
    queue.flush();
  }

  void stop() {
    synchronized (queue) {
      open = false;
    }
  }

  long sent() {
    synchronized (queue) {
      return sent;
    }
  }

  long refused() {
    synchronized (queue) {
      return refused;
    }
  }
}
