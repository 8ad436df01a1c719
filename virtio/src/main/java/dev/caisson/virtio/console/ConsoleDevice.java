/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.console;

import dev.caisson.virtio.Features;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.device.DeviceType;
import dev.caisson.virtio.device.Restorable;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.queue.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Byte streams between programs of the host and of the guest. virtio 1.2, section 5.3
 *
 * <p>Queues: input and output of port 0, of the control channel, then of each further port. A
 * driver that does not take several ports sees only the first.
 */
public final class ConsoleDevice implements VirtioDevice, Restorable {
  /** What Linux's driver can number in one page of configuration comfortably; QEMU has the same. */
  public static final int MOST_PORTS = 31;

  private static final long SIZE = 1;
  private static final long MULTIPLE_PORTS = 1L << 1;
  private static final int QUEUE_SIZE = 64;
  private static final int CONFIG = 12;
  private static final int CONTROL = 2;

  private final List<ConsolePort> ports;
  private final ControlQueues control;
  private volatile boolean multiple;
  private volatile int columns;
  private volatile int rows;
  private volatile Runnable configChanged = () -> {};

  /**
   * @param ports 1 to 31; the order is their number in the guest
   */
  public ConsoleDevice(List<ConsolePort> ports) {
    if (ports.isEmpty() || ports.size() > MOST_PORTS) {
      throw new IllegalArgumentException(ports.size() + " console ports");
    }
    this.ports = List.copyOf(ports);
    this.control = new ControlQueues(this.ports);
    for (int i = 0; i < this.ports.size(); i++) {
      int port = i;
      this.ports.get(i).onClose(() -> control.announce(port, ControlQueues.OPEN));
    }
  }

  @Override
  public DeviceType type() {
    return DeviceType.CONSOLE;
  }

  @Override
  public long features() {
    return SIZE | MULTIPLE_PORTS;
  }

  @Override
  public List<Integer> queueSizes() {
    return Collections.nCopies(2 * (ports.size() + 1), QUEUE_SIZE);
  }

  @Override
  public int configSize() {
    return CONFIG;
  }

  @Override
  public void readConfig(MemorySegment target) {
    target.fill((byte) 0);
    target.set(LittleEndian.U16, 0, (short) columns);
    target.set(LittleEndian.U16, 2, (short) rows);
    target.set(LittleEndian.U32, 4, ports.size());
  }

  @Override
  public void onConfigChange(Runnable listener) {
    configChanged = listener;
  }

  /** The terminal behind console ports has a new size, in characters, 1 to 65535. */
  public void resize(int newColumns, int newRows) {
    columns = newColumns;
    rows = newRows;
    configChanged.run();
    control.resize(newColumns, newRows);
  }

  @Override
  public void start(long features, List<DeviceQueue> queues) {
    multiple = Features.has(features, MULTIPLE_PORTS);
    if (multiple) {
      control.start(queues.get(CONTROL), queues.get(CONTROL + 1));
    } else {
      ports.getFirst().guestOpen(true);
    }
    for (int i = 0; i < (multiple ? ports.size() : 1); i++) {
      int queue = inputOf(i);
      ports.get(i).start(queues.get(queue), queues.get(queue + 1));
    }
  }

  private static int inputOf(int port) {
    return port == 0 ? 0 : 2 * (port + 1);
  }

  @Override
  public void kicked(int queue) {
    if (queue == CONTROL || queue == CONTROL + 1) {
      control.kicked();
    } else {
      ports.get(queue < CONTROL ? 0 : queue / 2 - 1).kicked();
    }
  }

  @Override
  public void stop() {
    control.stop();
    ports.forEach(ConsolePort::stop);
  }

  @Override
  public void reset() {
    control.reset();
    ports.forEach(port -> port.restore(false, 0));
  }

  @Override
  public byte[] state() {
    return new ConsoleState(IntStream.range(0, ports.size()).mapToObj(this::state).toList())
        .encode();
  }

  private ConsoleState.Port state(int i) {
    ConsolePort port = ports.get(i);
    return new ConsoleState.Port(
        port.guestOpen(), control.known(i), control.unsaid(i), port.taken());
  }

  @Override
  public void restore(byte[] state) {
    List<ConsoleState.Port> saved = ConsoleState.parse(state, ports.size()).ports();
    for (int i = 0; i < saved.size(); i++) {
      ConsoleState.Port port = saved.get(i);
      ports.get(i).restore(port.guestOpen(), port.taken());
      control.restore(i, port.known(), port.unsaid());
    }
  }

  @Override
  public void close() {
    stop();
    ports.forEach(ConsolePort::end);
  }
}
