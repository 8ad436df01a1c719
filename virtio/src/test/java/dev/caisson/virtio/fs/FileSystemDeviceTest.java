/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.fs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.linux.Fd;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.virtio.driver.TestDriver;
import dev.caisson.virtio.driver.TestGuest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSystemDeviceTest {
  private static final int RING = 256;
  private static final int FORGETS_AT_ONCE = 128;
  private static final int NOBODY = 1234;

  private static final int URGENT = 0;
  private static final int REQUESTS = 1;

  @TempDir Path top;

  @Test
  void aGuestIsToldOfManyForgottenFilesAtOnce() {
    try (TestGuest guest = new TestGuest(1 << 20, false);
        FileSystemDevice device = device()) {
      TestDriver queue = guest.start(device, 0, RING).get(URGENT);
      forget(device, queue);
      assertThat(queue.answer()).isNotNull();
      assertThat(queue.interrupts()).isZero();
      assertThat(device.patience(URGENT)).isPositive();
      device.rested(URGENT);
      assertThat(queue.interrupts()).isEqualTo(1);
      assertThat(device.patience(URGENT)).isNegative();
      for (int i = 0; i < FORGETS_AT_ONCE; i++) {
        forget(device, queue);
        assertThat(queue.answer()).isNotNull();
      }
      assertThat(queue.interrupts()).isGreaterThan(1);
    }
  }

  @Test
  void aDeviceThatStopsLeavesNothingUntold() {
    try (TestGuest guest = new TestGuest(1 << 20, true);
        FileSystemDevice device = device()) {
      TestDriver queue = guest.start(device, 0, RING).get(URGENT);
      forget(device, queue);
      device.stop();
      assertThat(queue.interrupts()).isEqualTo(1);
    }
  }

  @Test
  void whatIsAwaitedIsToldAtOnce() {
    try (TestGuest guest = new TestGuest(1 << 20, false);
        FileSystemDevice device = device()) {
      List<TestDriver> queues = guest.start(device, 0, RING);
      for (int queue : new int[] {URGENT, REQUESTS}) {
        queues.get(queue).offer(request(Opcode.GETATTR, NodeTable.ROOT, 16), 16 + 104);
        device.kicked(queue);
        assertThat(queues.get(queue).answer().bytes()).hasSize(16 + 104);
        assertThat(queues.get(queue).interrupts()).isEqualTo(1);
        assertThat(device.patience(queue)).isNegative();
      }
    }
  }

  private FileSystemDevice device() {
    Fd root = Directory.openFile(top, 0, OpenFlag.PATH);
    return new FileSystemDevice(
        "test", 1, new FuseServer(List.of(new Export("top", root, false, 1)), 100));
  }

  private static void forget(FileSystemDevice device, TestDriver queue) {
    queue.offer(request(Opcode.FORGET, NOBODY, 8), 0);
    device.kicked(URGENT);
  }

  /** A request with so many bytes of arguments, all zero. */
  private static byte[] request(int opcode, long node, int arguments) {
    ByteBuffer bytes = ByteBuffer.allocate(FuseRequest.HEADER + arguments);
    bytes.order(ByteOrder.LITTLE_ENDIAN).putInt(0, bytes.capacity()).putInt(4, opcode);
    return bytes.putLong(16, node).array();
  }
}
