/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.transport;

import dev.caisson.linux.io.EventCounter;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.ForeignDevice;
import dev.caisson.virtio.queue.GuestMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Consumer;

/** Queues given to another process, which we tell when to begin and to stop. */
final class ForeignService implements Serving {
  private final ForeignDevice device;
  private final GuestMemory memory;
  private final List<EventCounter> kicks;
  private final EventCounter line;
  private final Consumer<VirtioException> broken;
  private boolean started;

  ForeignService(
      ForeignDevice device,
      GuestMemory memory,
      List<EventCounter> kicks,
      EventCounter line,
      Consumer<VirtioException> broken) {
    this.device = device;
    this.memory = memory;
    this.kicks = kicks;
    this.line = line;
    this.broken = broken;
  }

  @Override
  public void start(long features, MmioQueue[] queues) {
    List<Optional<ForeignDevice.Queue>> given = new ArrayList<>();
    for (int i = 0; i < queues.length; i++) {
      MmioQueue queue = queues[i];
      given.add(
          queue.ready()
              ? Optional.of(new ForeignDevice.Queue(queue.layout(), queue.position(), kicks.get(i)))
              : Optional.empty());
    }
    started = true; // also what began only in part is stopped
    device.start(new ForeignDevice.Driven(features, memory, given, line, broken));
  }

  /** Its positions are nobody's but the other process's. */
  @Override
  public List<OptionalInt> halt() {
    if (started) {
      started = false;
      device.stop();
    }
    return List.of();
  }
}
