/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.linux.Errno;
import dev.caisson.linux.io.EventCounter;
import dev.caisson.linux.io.Pipe;
import dev.caisson.linux.io.ScatteredIo;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.device.VirtioDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class QueueWorkerTest {
  /** A device whose file has nothing to read, as /proc/kmsg or a pipe behind a mount. */
  private record Hanging(Pipe pipe, CompletableFuture<Long> begun, CompletableFuture<Long> answer)
      implements VirtioDevice {
    @Override
    public DeviceType type() {
      return DeviceType.FILE_SYSTEM;
    }

    @Override
    public long features() {
      return 0;
    }

    @Override
    public List<Integer> queueSizes() {
      return List.of(8);
    }

    @Override
    public void start(long features, List<DeviceQueue> queues) {}

    @Override
    public void kicked(int queue) {
      begun.complete(0L);
      MemorySegment[] room = {Arena.ofAuto().allocate(8)};
      answer.complete(ScatteredIo.read(pipe.reader(), room, 1));
    }

    @Override
    public void stop() {}

    @Override
    public void close() {}
  }

  @Test
  void aDeviceThatHangsInACallOfTheHostIsGotOut() throws Exception {
    try (Pipe pipe = Pipe.open();
        EventCounter kick = EventCounter.create()) {
      var device = new Hanging(pipe, new CompletableFuture<>(), new CompletableFuture<>());
      var worker = new QueueWorker("hanging", device, 0, kick, fault -> {}).start();
      device.begun.get(60, TimeUnit.SECONDS);
      worker.close();
      assertThat(device.answer).isCompletedWithValue(-(long) Errno.EINTR.number());
    }
  }
}
