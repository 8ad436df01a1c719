/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.container;

import dev.caisson.cli.console.Console;
import dev.caisson.engine.Attachment;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Output;
import java.io.IOException;
import java.nio.ByteBuffer;

/** Carries bytes between a caller and a workload until the workload's output ends. */
final class Duplex {
  private static final int PIECE = 32 << 10;

  private final Console console;
  private final Attachment streams;

  Duplex(Console console, Attachment streams) {
    this.console = console;
    this.streams = streams;
  }

  /**
   * Returns when the output has ended or the detach keys were typed.
   *
   * @param input whether to carry standard input too
   */
  void run(boolean input) {
    boolean raw = input && streams.tty() && console.isTerminal(0);
    if (streams.tty()) {
      followSize();
    }
    if (raw) {
      console.raw(true);
    }
    try {
      if (input) {
        Thread.ofVirtual().name("input").start(this::carryInput);
      }
      streams.forEach(this::show);
    } finally {
      console.out().flush();
      console.err().flush();
      if (raw) {
        console.raw(false);
      }
    }
  }

  private void followSize() {
    console.onResize(size -> resize(size));
    if (console.isTerminal(1)) {
      resize(console.size());
    }
  }

  private void resize(Console.Size size) {
    if (size.rows() > 0 && size.columns() > 0) {
      try {
        streams.resize(size.rows(), size.columns());
      } catch (EngineException e) {
        // The workload has ended; its size matters no more.
      }
    }
  }

  private void show(Output output) {
    var target = output.stream() == Output.Stream.STDERR ? console.err() : console.out();
    target.write(output.data(), 0, output.data().length);
    target.flush();
  }

  private void carryInput() {
    var piece = new byte[PIECE];
    try {
      for (int count = console.in().read(piece); count >= 0; count = console.in().read(piece)) {
        streams.write(ByteBuffer.wrap(piece, 0, count));
        if (streams.detached()) {
          return;
        }
      }
      streams.closeInput();
    } catch (IOException | EngineException e) {
      // The caller or the workload is gone; the output's end tells.
    }
  }
}
