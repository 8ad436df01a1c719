/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.sandbox.SandboxException;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** The few QMP commands we need. docs/interop/qmp-spec in QEMU's manual */
final class QemuMonitor implements AutoCloseable {
  private static final int LONGEST_LINE = 64 << 10;

  private final SocketChannel socket;
  private final BufferedReader answers;
  private boolean negotiated;

  QemuMonitor(SocketChannel socket) {
    this.socket = socket;
    this.answers = new BufferedReader(Channels.newReader(socket, StandardCharsets.UTF_8));
  }

  /** Returns when the command was carried out. */
  synchronized void run(String command) {
    try {
      if (!negotiated) {
        line(); // the greeting
        exchange("qmp_capabilities");
        negotiated = true;
      }
      exchange(command);
    } catch (IOException e) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, "QEMU does not answer: " + e.getMessage(), e);
    }
  }

  private void exchange(String command) throws IOException {
    String line = "{\"execute\":\"" + command + "\"}\n";
    socket.write(ByteBuffer.wrap(line.getBytes(StandardCharsets.UTF_8)));
    while (true) {
      String answer = line();
      // Events come in between; a command's answer has one of two first words.
      if (answer.startsWith("{\"return\"")) {
        return;
      }
      if (answer.startsWith("{\"error\"")) {
        throw new SandboxException(
            SandboxException.Kind.FAILED, "QEMU refused " + command + ": " + answer);
      }
    }
  }

  /** One line; a QEMU that its guest took over could send one without end. */
  private String line() throws IOException {
    var line = new StringBuilder();
    for (int next = answers.read(); next != '\n'; next = answers.read()) {
      if (next < 0) {
        throw new IOException("the monitor is closed");
      }
      if (line.length() == LONGEST_LINE) {
        throw new IOException("an answer of more than " + LONGEST_LINE + " letters");
      }
      line.append((char) next);
    }
    return line.toString();
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
