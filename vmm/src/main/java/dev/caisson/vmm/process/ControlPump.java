/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm.process;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.io.Channel;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.virtio.console.ConsolePort;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.OptionalInt;

/** Carries a guest's control port over a socket, both ways, until either side ends. */
final class ControlPump {
  private static final int PIECE = 8 << 10;
  private static final long STACK = 128 << 10;
  private static final long DRAIN_MILLIS = 5000;

  private final ConsolePort port;
  private final UnixSocket socket;
  private final Channel stream;
  private final Thread out;
  private final Thread in;

  ControlPump(ConsolePort port, UnixSocket socket) {
    this.port = port;
    this.socket = socket;
    this.stream = new Channel(socket.fd());
    this.out = thread("control out", this::out);
    this.in = thread("control in", this::in);
  }

  private static Thread thread(String name, Runnable work) {
    return Thread.ofPlatform().daemon().name(name).stackSize(STACK).unstarted(work);
  }

  void start() {
    out.start();
    in.start();
  }

  private void out() {
    ByteBuffer piece = ByteBuffer.allocate(PIECE);
    try {
      while (port.read(piece.clear()) >= 0) {
        stream.writeFully(Arrays.copyOf(piece.array(), piece.position()));
      }
    } catch (IOException | LinuxException e) {
      System.getLogger(ControlPump.class.getName()).log(System.Logger.Level.DEBUG, "control", e);
    }
    socket.shutdown();
  }

  private void in() {
    byte[] piece = new byte[PIECE];
    try {
      while (true) {
        OptionalInt count = stream.read(piece);
        if (count.isPresent() && count.getAsInt() < 0) {
          port.close(); // the guest learns it, as when its engine is gone
          return;
        }
        if (count.isPresent()) {
          port.write(ByteBuffer.wrap(piece, 0, count.getAsInt()));
        }
      }
    } catch (IOException | LinuxException e) {
      System.getLogger(ControlPump.class.getName()).log(System.Logger.Level.DEBUG, "control", e);
    }
  }

  /** Waits for what the guest said before its device was closed. */
  void drain() {
    try {
      out.join(DRAIN_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
