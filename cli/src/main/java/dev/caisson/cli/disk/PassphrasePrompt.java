/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.console.Console;
import dev.caisson.cli.console.HiddenLine;
import dev.caisson.disk.DiskException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.Arrays;
import java.util.Optional;

/** Asks a person for a passphrase, showing nothing of it. */
final class PassphrasePrompt {
  private PassphrasePrompt() {}

  /** Empty if nobody is there to be asked. */
  static Optional<byte[]> ask(Console console, String question) {
    try {
      return HiddenLine.ask(console, question);
    } catch (InterruptedIOException refused) {
      throw new DiskException(DiskException.Kind.SECRET, "no passphrase was given", refused);
    } catch (IOException failure) {
      throw DiskException.io("the terminal", failure);
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
}
