/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.transport;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.linux.Errno;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.io.EventCounter;
import dev.caisson.linux.io.Memfd;
import dev.caisson.linux.io.Pipe;
import dev.caisson.linux.io.ScatteredIo;
import dev.caisson.linux.memory.Mapping;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 120, unit = TimeUnit.SECONDS)
class QueueWorkerTest {
  /** A device with one queue of which only kicks matter. */
  private interface Kicked extends VirtioDevice {
    @Override
    default DeviceType type() {
      return DeviceType.FILE_SYSTEM;
    }

    @Override
    default long features() {
      return 0;
    }

    @Override
    default List<Integer> queueSizes() {
      return List.of(8);
    }

    @Override
    default void start(long features, List<DeviceQueue> queues) {}

    @Override
    default void stop() {}

    @Override
    default void close() {}
  }

  /** A device whose file has nothing to read, as /proc/kmsg or a pipe behind a mount. */
  private record Hanging(Pipe pipe, CompletableFuture<Long> begun, CompletableFuture<Long> answer)
      implements Kicked {
    @Override
    public void kicked(int queue) {
      begun.complete(0L);
      MemorySegment[] room = {Arena.ofAuto().allocate(8)};
      answer.complete(ScatteredIo.read(pipe.reader(), room, 1));
    }
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

  /** A device whose guest's memory is a copy of a file. */
  private record Reading(MemorySegment memory) implements Kicked {
    @Override
    public void kicked(int queue) {
      byte[] copy = new byte[8192];
      MemorySegment.copy(memory, 0, MemorySegment.ofArray(copy), 0, copy.length);
      memory.set(LittleEndian.U16, 0, (short) 1);
    }
  }

  @Test
  void aSnapshotCutUnderItsCloneBreaksTheDeviceAndNothingElse() throws Exception {
    try (OpenFile file = OpenFile.of(Memfd.create("snapshot"))) {
      file.truncate(1 << 20);
      try (Mapping memory = Mapping.copyOnWrite(file.fd(), 0, 1 << 20);
          EventCounter kick = EventCounter.create()) {
        file.truncate(0);
        var fault = new CompletableFuture<VirtioException>();
        var worker =
            new QueueWorker("cut", new Reading(memory.bytes()), 0, kick, fault::complete).start();
        assertThat(fault.get(60, TimeUnit.SECONDS).kind()).isEqualTo(VirtioException.Kind.HOST);
        worker.close();
      }
    }
  }
}
