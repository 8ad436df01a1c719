/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.console.Console;
import dev.caisson.disk.DiskException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/** Asks a person for a passphrase, showing nothing of it. */
final class PassphrasePrompt {
  private static final int INTERRUPT = 3;
  private static final int BACKSPACE = 8;
  private static final int ERASE_LINE = 21;
  private static final int DELETE = 127;
  private static final int LONGEST = 1024;

  private PassphrasePrompt() {}

  /** Empty if nobody is there to be asked. */
  static Optional<byte[]> ask(Console console, String question) {
    if (!console.isTerminal(0)) {
      return Optional.empty();
    }
    console.err().print(question);
    console.err().flush();
    console.raw(true);
    try {
      return Optional.of(line(console));
    } catch (IOException failure) {
      throw DiskException.io("the terminal", failure);
    } finally {
      console.raw(false);
      console.err().println();
    }
  }

  /**
   * Asks for a passphrase that shall be kept in mind.
   *
   * @throws DiskException SECRET if nobody is there, or the two differ
   */
  static byte[] askTwice(Console console, String disk) {
    byte[] first =
        ask(console, "New passphrase for %s: ".formatted(disk))
            .orElseThrow(() ->
                new DiskException(
                    DiskException.Kind.SECRET,
                    disk + ": needs a passphrase; give --key-file FILE, --key-env or --key-fd"));
    byte[] second = ask(console, "The same again: ").orElseThrow();
    if (!Arrays.equals(first, second)) {
      throw new DiskException(
          DiskException.Kind.SECRET, disk + ": the two passphrases differ; nothing was made");
    }
    if (first.length == 0) {
      throw new DiskException(DiskException.Kind.SECRET, disk + ": an empty passphrase");
    }
    return first;
  }

  private static byte[] line(Console console) throws IOException {
    var typed = new ByteArrayOutputStream();
    while (typed.size() < LONGEST) {
      int key = console.in().read();
      switch (key) {
        case -1, '\r', '\n' -> {
          return typed.toByteArray();
        }
        case INTERRUPT ->
            throw new DiskException(DiskException.Kind.SECRET, "no passphrase was given");
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
