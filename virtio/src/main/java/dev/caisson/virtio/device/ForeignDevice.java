/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.device;

import dev.caisson.linux.io.EventCounter;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.virtio.queue.QueueLayout;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A device whose queues another process serves: it is told where they are, and gets the counters by
 * which driver and device call each other. Needs guest memory that has a {@linkplain
 * GuestMemory#file file}.
 */
public non-sealed interface ForeignDevice extends Device {
  /**
   * A queue to be served elsewhere.
   *
   * @param position where the device stands in it, 0 in a fresh one
   * @param kick raised by the driver; stays the transport's
   */
  record Queue(QueueLayout layout, int position, EventCounter kick) {}

  /**
   * What a transport gives away.
   *
   * @param features what driver and device agreed on
   * @param queues one per queue; empty where the driver enabled none
   * @param interrupt to be raised when the driver shall look at a used ring; stays the transport's
   * @param broken told, from any thread, when nobody serves the queues any more
   */
  record Driven(
      long features,
      GuestMemory memory,
      List<Optional<Queue>> queues,
      EventCounter interrupt,
      Consumer<VirtioException> broken) {
    public Driven {
      queues = List.copyOf(queues);
    }
  }

  /**
   * The driver is ready.
   *
   * @throws VirtioException PEER or HOST when nobody takes the queues
   */
  void start(Driven driven);
}
