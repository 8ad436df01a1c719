/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.console;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Optional;

/** Asks a person for a line that nobody shall see. */
public final class HiddenLine {
  private static final int INTERRUPT = 3;
  private static final int BACKSPACE = 8;
  private static final int ERASE_LINE = 21;
  private static final int DELETE = 127;
  private static final int LONGEST = 1024;

  private HiddenLine() {}

  /**
   * Empty if nobody is there to be asked.
   *
   * @throws InterruptedIOException at ctrl-C
   */
  public static Optional<byte[]> ask(Console console, String question) throws IOException {
    if (!console.isTerminal(0)) {
      return Optional.empty();
    }
    console.err().print(question);
    console.err().flush();
    console.raw(true);
    try {
      return Optional.of(line(console));
    } finally {
      console.raw(false);
      console.err().println();
    }
  }

  private static byte[] line(Console console) throws IOException {
    var typed = new ByteArrayOutputStream();
    while (typed.size() < LONGEST) {
      int key = console.in().read();
      switch (key) {
        case -1, '\r', '\n' -> {
          return typed.toByteArray();
        }
        case INTERRUPT -> throw new InterruptedIOException("nothing was given");
        case BACKSPACE, DELETE -> {
          byte[] shorter = typed.toByteArray();
          typed.reset();
          typed.write(shorter, 0, Math.max(0, shorter.length - 1));
        }
        case ERASE_LINE -> typed.reset();
        default -> typed.write(key);
      }
    }
    return typed.toByteArray();
  }
}
