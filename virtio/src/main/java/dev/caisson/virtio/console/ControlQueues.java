/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.console;

import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.DeviceQueue;
import dev.caisson.virtio.queue.Chain;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/**
 * What device and driver tell each other of the ports.
 *
 * <p>What is still to be said of a port is a set of bits, not a list of messages: however often a
 * guest asks, it occupies no more of the host.
 */
final class ControlQueues {
  static final int ADD = 1;
  static final int CONSOLE = 1 << 1;
  static final int NAME = 1 << 2;
  static final int OPEN = 1 << 3;
  static final int RESIZE = 1 << 4;

  /** In this order a driver expects to hear of a port. */
  private static final int[] ORDER = {ADD, CONSOLE, NAME, OPEN, RESIZE};

  private final List<ConsolePort> ports;
  private final int[] unsaid;
  private final boolean[] known; // the driver has such a port
  private DeviceQueue toGuest = DeviceQueue.absent();
  private DeviceQueue fromGuest = DeviceQueue.absent();
  private int columns;
  private int rows;

  ControlQueues(List<ConsolePort> ports) {
    this.ports = ports;
    this.unsaid = new int[ports.size()];
    this.known = new boolean[ports.size()];
  }

  synchronized void start(DeviceQueue input, DeviceQueue output) {
    toGuest = input;
    fromGuest = output;
  }

  synchronized void stop() {
    toGuest = DeviceQueue.absent();
    fromGuest = DeviceQueue.absent();
  }

  synchronized void reset() {
    Arrays.fill(unsaid, 0);
    Arrays.fill(known, false);
  }

  /** Either queue was kicked. */
  synchronized void kicked() {
    fromGuest.serveAll(chain -> {
      ControlMessage.read(chain.readable()).ifPresent(this::hear);
      return 0;
    });
    tell();
  }

  private void hear(ControlMessage message) {
    int port = message.port();
    boolean ours = port >= 0 && port < ports.size();
    switch (message.event()) {
      case ControlMessage.DEVICE_READY -> {
        reset();
        ports.forEach(one -> one.guestOpen(false));
        if (message.value() == 1) {
          Arrays.fill(unsaid, ADD);
        }
      }
      case ControlMessage.PORT_READY -> {
        if (ours && message.value() == 1) {
          known[port] = true;
          unsaid[port] = introduction(ports.get(port));
        }
      }
      case ControlMessage.PORT_OPEN -> {
        if (ours) {
          ports.get(port).guestOpen(message.value() == 1);
        }
      }
      default -> {} // virtio 1.2 knows no other event of a driver
    }
  }

  private int introduction(ConsolePort port) {
    int said = OPEN;
    if (port.isConsole()) {
      said |= CONSOLE | (columns > 0 ? RESIZE : 0);
    }
    return port.name().isEmpty() ? said : said | NAME;
  }

  /** Something about a port changed; a driver that does not know the port yet learns it later. */
  synchronized void announce(int port, int what) {
    if (!known[port]) {
      return;
    }
    unsaid[port] |= what;
    try {
      tell();
    } catch (VirtioException fault) {
      toGuest.fail(fault);
      stop();
    }
  }

  synchronized void resize(int newColumns, int newRows) {
    columns = newColumns;
    rows = newRows;
    for (int i = 0; i < ports.size(); i++) {
      if (ports.get(i).isConsole()) {
        announce(i, RESIZE);
      }
    }
  }

  private void tell() {
    do {
      boolean any = false;
      for (int port = nextUnsaid(); port >= 0; port = nextUnsaid()) {
        Chain chain = toGuest.poll();
        if (chain == null) {
          break;
        }
        byte[] message = message(port);
        if (chain.writable().length() < message.length) {
          throw VirtioException.guest("no room in a buffer for a control message");
        }
        chain.writable().copyFrom(MemorySegment.ofArray(message), 0);
        toGuest.complete(chain, message.length);
        any = true;
      }
      if (any) {
        toGuest.flush();
      }
    } while (nextUnsaid() >= 0 && toGuest.enableKicks());
  }

  private int nextUnsaid() {
    for (int i = 0; i < unsaid.length; i++) {
      if (unsaid[i] != 0) {
        return i;
      }
    }
    return -1;
  }

  /** The first thing still to be said of a port, which is said by that. */
  private byte[] message(int port) {
    int what = Arrays.stream(ORDER).filter(bit -> (unsaid[port] & bit) != 0).findFirst().orElse(0);
    unsaid[port] &= ~what;
    return switch (what) {
      case ADD -> message(port, ControlMessage.DEVICE_ADD, 1, new byte[0]);
      case CONSOLE -> message(port, ControlMessage.CONSOLE_PORT, 1, new byte[0]);
      case NAME -> {
        byte[] name = ports.get(port).name().getBytes(StandardCharsets.US_ASCII);
        yield message(port, ControlMessage.PORT_NAME, 1, name);
      }
      case OPEN -> {
        int open = ports.get(port).isOpen() ? 1 : 0;
        yield message(port, ControlMessage.PORT_OPEN, open, new byte[0]);
      }
      default -> {
        // Rows come first here, and columns first in the configuration space.
        byte[] size = {(byte) rows, (byte) (rows >> 8), (byte) columns, (byte) (columns >> 8)};
        yield message(port, ControlMessage.RESIZE, 0, size);
      }
    };
  }

  private static byte[] message(int port, int event, int value, byte[] behind) {
    return new ControlMessage(port, event, value).encode(behind);
  }

  synchronized boolean known(int port) {
    return known[port];
  }

  synchronized int unsaid(int port) {
    return unsaid[port];
  }

  synchronized void restore(int port, boolean wasKnown, int wasUnsaid) {
    known[port] = wasKnown;
    unsaid[port] = wasUnsaid;
  }
}
