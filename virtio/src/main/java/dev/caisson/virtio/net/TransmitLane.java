/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.queue.Chain;
import java.util.function.LongSupplier;

/**
 * One transmit queue: admits frames of the guest and hands them on.
 *
 * <p>A guest that floods need not kick: its queue is looked at several times a millisecond. One
 * that goes on sending need not hear that its frames left either, as it sees so when it sends the
 * next; it is told when it stops, or when a quarter of the ring was used. Both are given up where
 * they do not pay.
 */
final class TransmitLane {
  /** How many frames may leave before the receiver is told of them. */
  private static final int BURST = 64;

  /** Of a frame so large the receiver hears at once: it works on it while the next is copied. */
  private static final int LARGE = 16 << 10;

  /** How long a guest that sends no more may be left untold, nanoseconds. */
  private static final long UNTOLD_NANOS = 1_000_000;

  /** What the queue's thread does when no kick came. */
  private enum Rest {
    ENDLESS,
    LOOKS,
    TELLS
  }

  private final DeviceQueue queue;
  private final NetworkSide side;
  private final int number;
  private final long features;
  private final int mtu;
  private final LongSupplier clock;
  private final int quarter;
  private final Frame frame = new Frame();
  private final Pace pace = new Pace();
  private final Trial looking = new Trial();
  private final Trial waiting = new Trial();
  private Rest rest = Rest.ENDLESS;
  private long restNanos;
  private boolean open = true;
  private boolean blocked;
  private int untold; // descriptors
  private long sent;
  private long refused;

  /**
   * @param clock nanoseconds
   */
  TransmitLane(
      DeviceQueue queue, NetworkSide side, int number, long features, int mtu, LongSupplier clock) {
    this.queue = queue;
    this.side = side;
    this.number = number;
    this.features = features;
    this.mtu = mtu;
    this.clock = clock;
    this.quarter = Math.max(1, queue.size() / 4);
  }

  /** Sends what is there and what comes meanwhile, unless a receiver has no room. */
  void kicked() {
    synchronized (queue) {
      if (!blocked) {
        if (rest == Rest.TELLS) {
          waiting.ended(true);
        }
        serve();
      }
    }
  }

  /** As {@code VirtioDevice.patience}, microseconds. */
  int patience() {
    synchronized (queue) {
      return rest == Rest.ENDLESS ? -1 : (int) (restNanos / 1000);
    }
  }

  /** No kick came for that long. */
  void rested() {
    synchronized (queue) {
      switch (rest) {
        case LOOKS -> serve();
        case TELLS -> {
          rest = Rest.ENDLESS;
          waiting.ended(!tell());
        }
        case ENDLESS -> {} // the switch's thread has been here meanwhile
      }
    }
  }

  private void serve() {
    boolean looked = rest == Rest.LOOKS;
    do {
      rest = Rest.ENDLESS;
      queue.disableKicks();
      int count = drain(Integer.MAX_VALUE);
      if (blocked || !open) {
        return;
      }
      pace.served(count, clock.getAsLong());
      if (looked) {
        looking.ended(count > 0);
      }
      if (looked && count == 0) {
        tell();
      } else if (looksAgain()) {
        return;
      } else {
        tellLater();
      }
      looked = false;
    } while (queue.enableKicks());
  }

  /** Whether it pays to leave kicks off and look again by oneself. */
  private boolean looksAgain() {
    long next = pace.several(quarter);
    if (next == 0 || !looking.worthIt()) {
      return false;
    }
    rest(Rest.LOOKS, next);
    return true;
  }

  private void tellLater() {
    if (untold > 0 && waiting.worthIt()) {
      rest(Rest.TELLS, UNTOLD_NANOS);
    } else {
      tell();
    }
  }

  private void rest(Rest next, long nanos) {
    rest = next;
    restNanos = nanos;
  }

  /**
   * The receiver has room again. From another thread than the queue's, which sleeps until a kick.
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
      rest = Rest.ENDLESS;
      try {
        return goOn(most);
      } catch (VirtioException fault) {
        open = false;
        queue.fail(fault);
        return false;
      }
    }
  }

  private boolean goOn(int most) {
    int left = most;
    do {
      queue.disableKicks();
      left -= drain(left);
      tell();
      if (blocked || !open) {
        return false;
      }
      if (left == 0) {
        return true;
      }
    } while (queue.enableKicks());
    return false;
  }

  /** Sends what is there; answers how many frames. */
  private int drain(int most) {
    int count = 0;
    while (open && count < most) {
      Chain chain = queue.poll();
      if (chain == null) {
        break;
      }
      if (!send(chain)) {
        blocked = true; // the receiver asks again; kicks are not needed until then
        side.flush(number);
        tell(); // the guest may wait for room of its own
        return count;
      }
      if (++count % BURST == 0) {
        side.flush(number);
      }
    }
    side.flush(number);
    return count;
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
    untold += Math.max(1, chain.readable().count());
    if (chain.readable().length() >= LARGE) {
      pace.forget();
      side.flush(number);
    }
    if (untold >= quarter) {
      tell();
    }
    return true;
  }

  /** Answers whether the guest wanted to know. */
  private boolean tell() {
    boolean any = untold > 0;
    untold = 0;
    return any && queue.flush();
  }

  void stop() {
    synchronized (queue) {
      if (open) {
        tell();
      }
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
