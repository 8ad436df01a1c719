/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.console;

import dev.caisson.virtio.VirtioException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** What a console remembers of each port, in the order of ports. */
record ConsoleState(List<Port> ports) {
  private static final int PORT = 11;
  private static final int ALL_BITS = 0x1f;

  /**
   * @param taken bytes the host already read of the first request in the port's output queue
   * @param unsaid bits of {@link ControlQueues}
   */
  record Port(boolean guestOpen, boolean known, int unsaid, long taken) {}

  byte[] encode() {
    ByteBuffer bytes = ByteBuffer.allocate(PORT * ports.size());
    for (Port port : ports) {
      bytes.put((byte) (port.guestOpen ? 1 : 0)).put((byte) (port.known ? 1 : 0));
      bytes.put((byte) port.unsaid).putLong(port.taken);
    }
    return bytes.array();
  }

  static ConsoleState parse(byte[] state, int expected) {
    if (state.length != PORT * expected) {
      throw wrong(state.length + " bytes for " + expected + " ports");
    }
    ByteBuffer bytes = ByteBuffer.wrap(state);
    List<Port> ports = new ArrayList<>();
    for (int i = 0; i < expected; i++) {
      var port = new Port(flag(bytes.get()), flag(bytes.get()), bytes.get(), bytes.getLong());
      if ((port.unsaid & ~ALL_BITS) != 0 || port.taken < 0) {
        throw wrong("port " + i);
      }
      ports.add(port);
    }
    return new ConsoleState(ports);
  }

  private static boolean flag(byte value) {
    if ((value & ~1) != 0) {
      throw wrong("flag " + value);
    }
    return value == 1;
  }

  private static VirtioException wrong(String what) {
    return new VirtioException(VirtioException.Kind.PEER, "state of a console: " + what);
  }
}
