/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vhost;

import dev.caisson.linux.Fd;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.io.EventCounter;
import dev.caisson.linux.io.Memfd;
import dev.caisson.linux.io.Readiness;
import dev.caisson.linux.memory.Mapping;
import dev.caisson.virtio.device.Device;
import dev.caisson.virtio.driver.TestDriver;
import dev.caisson.virtio.driver.TestGuest;
import dev.caisson.virtio.queue.GuestMemory;
import dev.caisson.virtio.transport.MmioHost;
import dev.caisson.virtio.transport.MmioTransport;
import java.nio.ByteBuffer;
import java.util.List;

/** A device behind registers, in a guest whose memory others can map, and its driver. */
final class DrivenDevice implements AutoCloseable {
  private static final long SIZE = 4 << 20;
  private static final int STATUS = 0x70;
  private static final int NEEDS_RESET = 64;

  /** The number of the greeting, which its answer repeats. */
  static final long GREETING = 77;

  private static final int PATIENCE_MILLIS = 60_000;

  final MmioTransport transport;
  private final Device device;
  private final Fd file = Memfd.create("guest");
  private final Mapping mapping;
  private final TestGuest guest;
  private final EventCounter line = EventCounter.create();

  DrivenDevice(Device device) {
    this.device = device;
    OpenFile.of(file).truncate(SIZE);
    Memfd.sealSize(file);
    this.mapping = Mapping.shared(file, 0, SIZE);
    this.guest = new TestGuest(mapping.bytes(), false);
    var region = new GuestMemory.Region(0, mapping.bytes());
    var host =
        new MmioHost() {
          @Override
          public EventCounter line() {
            return line;
          }

          @Override
          public void doorbell(EventCounter counter, int queue) {}
        };
    this.transport = new MmioTransport(device, new GuestMemory(List.of(region), file), host);
  }

  void write(int register, long value) {
    transport.write(register, 4, value);
  }

  int status() {
    return (int) transport.read(STATUS, 4);
  }

  /** Resets the device and agrees to version 1 alone, up to FEATURES_OK. */
  void begin() {
    for (int status : new int[] {0, 1, 3}) {
      write(STATUS, status);
    }
    write(0x24, 1);
    write(0x20, 1);
    write(STATUS, 11);
  }

  TestDriver queue(int index, int size) {
    TestDriver driver = guest.queue(size, 0);
    write(0x30, index);
    write(0x38, size);
    write(0x80, driver.layout().descriptors());
    write(0x90, driver.layout().driver());
    write(0xa0, driver.layout().device());
    write(0x44, 1);
    return driver;
  }

  void ready() {
    write(STATUS, 15);
  }

  /** A device with its first queue that runs. */
  TestDriver running() {
    begin();
    TestDriver driver = queue(0, 16);
    ready();
    return driver;
  }

  void kick(int queue) {
    write(MmioTransport.QUEUE_NOTIFY, queue);
  }

  /** Makes a file system ready and greets it by FUSE_INIT; its answer, header first. */
  ByteBuffer greetedFiles() {
    begin();
    TestDriver urgent = queue(0, 16);
    TestDriver requests = queue(1, 16);
    ready();
    // Length, operation, number, node, ids; then version 7.31
    ByteBuffer init = FrontEnd.bytes(104).putInt(104).putInt(26).putLong(GREETING);
    requests.offer(init.putInt(40, 7).putInt(44, 31).array(), 200);
    kick(1);
    TestDriver.Answer answer = awaited(requests);
    if (urgent.answer() != null) {
      throw new AssertionError("an answer in the queue for urgent requests");
    }
    return FrontEnd.bytes(answer.bytes().length).put(0, answer.bytes());
  }

  /** The next answer in a queue; the line is also raised for other reasons. */
  TestDriver.Answer awaited(TestDriver queue) {
    TestDriver.Answer answer = null;
    while (answer == null) {
      if (!interrupted()) {
        throw new AssertionError("no answer");
      }
      answer = queue.answer();
    }
    return answer;
  }

  /** Waits until the line was raised. */
  private boolean interrupted() {
    return !Readiness.readable(PATIENCE_MILLIS, line.fd()).isEmpty() && line.take() > 0;
  }

  /** Waits until the device says that it is broken. */
  boolean broken() throws InterruptedException {
    for (int i = 0; i < PATIENCE_MILLIS && (status() & NEEDS_RESET) == 0; i++) {
      Thread.sleep(1);
    }
    return (status() & NEEDS_RESET) != 0;
  }

  @Override
  public void close() {
    transport.close();
    device.close();
    line.close();
    guest.close();
    mapping.close();
    file.close();
  }
}
