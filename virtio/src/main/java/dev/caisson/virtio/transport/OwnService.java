/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.transport;

import dev.caisson.linux.io.EventCounter;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.virtio.queue.VirtQueue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.Consumer;

/** Queues served in this process, by a thread each. */
final class OwnService implements Serving {
  private final VirtioDevice device;
  private final GuestMemory memory;
  private final List<EventCounter> kicks;
  private final Runnable interrupt;
  private final Consumer<VirtioException> broken;
  private final List<QueueWorker> workers = new ArrayList<>();
  private List<DeviceQueue> running = List.of();

  OwnService(
      VirtioDevice device,
      GuestMemory memory,
      List<EventCounter> kicks,
      Runnable interrupt,
      Consumer<VirtioException> broken) {
    this.device = device;
    this.memory = memory;
    this.kicks = kicks;
    this.interrupt = interrupt;
    this.broken = broken;
  }

  @Override
  public void start(long features, MmioQueue[] queues) {
    List<DeviceQueue> opened = Arrays.stream(queues).map(queue -> open(queue, features)).toList();
    device.start(features, opened);
    running = opened;
    for (int i = 0; i < queues.length; i++) {
      if (queues[i].ready()) {
        String name = device.type() + " queue " + i;
        workers.add(new QueueWorker(name, device, i, kicks.get(i), broken).start());
      }
    }
  }

  private DeviceQueue open(MmioQueue queue, long features) {
    if (!queue.ready()) {
      return DeviceQueue.absent();
    }
    VirtQueue ring = VirtQueue.open(memory, queue.layout(), features, queue.position());
    return new DeviceQueue(ring, interrupt, broken);
  }

  @Override
  public List<OptionalInt> halt() {
    if (running.isEmpty()) {
      return List.of();
    }
    workers.forEach(QueueWorker::close);
    workers.clear();
    device.stop();
    List<OptionalInt> positions = running.stream().map(DeviceQueue::position).toList();
    running = List.of();
    return positions;
  }
}
