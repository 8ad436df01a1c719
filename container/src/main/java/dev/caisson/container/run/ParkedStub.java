/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.PlanEncoder;
import dev.caisson.launch.run.Launch;
import dev.caisson.launch.run.Report;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.io.Readiness;
import dev.caisson.linux.io.UnixSocket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;

/**
 * A stub that has made a new process in a control group of its own, and waits for its plan. When
 * our end of the socket closes, it ends and removes that group.
 */
record ParkedStub(Launch launched, UnixSocket socket, Parking parking) {
  private static final int ANNOUNCEMENT = 8;

  /** Waits until it is ready; false if it failed or has ended, so that another way must be gone. */
  boolean ready() {
    return launched.next().filter(Report.Created.class::isInstance).isPresent()
        && Readiness.readable(0, launched.process().fd()).isEmpty();
  }

  /**
   * Sends the plan; what comes of it is reported as by any other launch.
   *
   * @throws LinuxException EPIPE if the stub is gone
   */
  Launch carryOut(LaunchPlan plan, List<Fd> passed) {
    byte[] encoded = PlanEncoder.encode(plan);
    byte[] head =
        ByteBuffer.allocate(ANNOUNCEMENT)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putInt(encoded.length)
            .putInt(passed.size())
            .array();
    try (socket) {
      socket.sendFully(head, passed.toArray(Fd[]::new));
      socket.sendFully(encoded);
    } catch (LinuxException gone) {
      launched.process().await();
      launched.close();
      throw gone;
    }
    return launched.goingOnWith(plan);
  }

  /** After a failed launch; whatever it was doing ends, and is reaped by who launches. */
  void abandon() {
    socket.close();
  }

  Cgroup group() {
    return parking.group();
  }

  /** Gives it up and waits for its end; false if a part of its groups is in use by others. */
  boolean discard() {
    socket.close();
    launched.process().await();
    launched.close();
    return group().remove(); // it has done so, unless it was killed
  }
}
