/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import org.jspecify.annotations.Nullable;

/** Something that takes frames: a guest's network device, or whatever is behind a tap. */
public interface FramePort {
  /** What became of a frame. */
  enum Outcome {
    TAKEN,
    /** There is no room now. */
    FULL,
    /** It is gone: too long for the receiver, or nobody is there. */
    DROPPED
  }

  /**
   * Takes a frame.
   *
   * @param lane which of several queues it came by; the receiver spreads load by it
   * @param whenRoom told once when there is room again, if the answer is FULL; null to not wait
   */
  Outcome receive(Frame frame, int lane, @Nullable Runnable whenRoom);

  /** Tells the receiver of what it took; comes after each burst. */
  void flush(int lane);

  /** Takes back a wish to be told of room; answers whether it had still been waiting. */
  boolean giveUp(int lane, Runnable whenRoom);

  /**
   * A sender that was told LATER may go on.
   *
   * @param most frames at most
   * @return whether there may be more
   */
  boolean resume(int lane, int most);
}
