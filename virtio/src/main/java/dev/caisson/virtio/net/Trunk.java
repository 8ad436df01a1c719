/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.net;

import org.jspecify.annotations.Nullable;

/** Joins a switch with a tap: frames of each are sent to the other. */
final class Trunk implements AutoCloseable {
  private final SwitchPort port;
  private final NetworkSide side;
  private final FromSwitch out;

  Trunk(SwitchPort port, NetworkSide side) {
    this.port = port;
    this.side = side;
    this.out = new FromSwitch(side);
    FromTap in = new FromTap(port);
    out.in = in;
    port.start(NetFeatures.OFFLOADS, out);
    side.start(NetFeatures.OFFLOADS, in);
  }

  /** Frames of guests; a tap takes them at once or drops them. */
  private static final class FromSwitch implements FramePort {
    private final NetworkSide side;
    private @Nullable FromTap in;
    private boolean ended;

    FromSwitch(NetworkSide side) {
      this.side = side;
    }

    @Override
    public Outcome receive(Frame frame, int lane, @Nullable Runnable whenRoom) {
      synchronized (side) { // several guests send at once
        if (!ended) {
          side.send(frame, 0);
        }
      }
      return Outcome.TAKEN;
    }

    /** A guest may be on its way here still: it must not find the descriptor of somebody else. */
    void end() {
      synchronized (side) {
        ended = true;
        side.close();
      }
    }

    @Override
    public void flush(int lane) {}

    @Override
    public boolean giveUp(int lane, Runnable whenRoom) {
      return false;
    }

    @Override
    public boolean resume(int lane, int most) {
      FromTap waiting = in;
      if (waiting != null) {
        waiting.resumed();
      }
      return false;
    }
  }

  /** Frames of the tap, which waits while a guest has no room. */
  private static final class FromTap implements FramePort {
    private final SwitchPort port;
    private @Nullable Runnable whenRoom;

    FromTap(SwitchPort port) {
      this.port = port;
    }

    @Override
    public Outcome receive(Frame frame, int lane, @Nullable Runnable tellRoom) {
      synchronized (this) {
        whenRoom = tellRoom;
      }
      return port.send(frame, lane) == NetworkSide.Verdict.LATER ? Outcome.FULL : Outcome.TAKEN;
    }

    synchronized void resumed() {
      if (whenRoom != null) {
        whenRoom.run();
        whenRoom = null;
      }
    }

    @Override
    public void flush(int lane) {
      port.flush(lane);
    }

    @Override
    public boolean giveUp(int lane, Runnable tellRoom) {
      return false;
    }

    @Override
    public boolean resume(int lane, int most) {
      return false;
    }
  }

  @Override
  public void close() {
    side.stop();
    port.close();
    out.end();
  }
}
