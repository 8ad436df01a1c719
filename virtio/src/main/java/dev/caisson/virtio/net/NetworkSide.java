/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

/** What a network device is plugged into: a tap, or a port of a switch. */
public interface NetworkSide extends AutoCloseable {
  /** What became of a frame. */
  enum Verdict {
    /** It is done with, delivered or dropped. */
    DONE,
    /** Keep it: {@link FramePort#resume} will ask for it again. */
    LATER
  }

  /** Offloads this side can do for the guest and ask of it, bits of {@link NetFeatures}. */
  long offloads();

  /**
   * The driver is ready.
   *
   * @param features what it agreed on
   * @param port takes frames for the guest
   */
  void start(long features, FramePort port);

  /**
   * Sends a frame that was admitted.
   *
   * @param lane the pair of queues it came by
   */
  Verdict send(Frame frame, int lane);

  /** A burst of frames is over. */
  void flush(int lane);

  /** After this returns, no frame is given to the port. */
  void stop();

  @Override
  void close();
}
