/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.caisson.cli.console.Console;
import dev.caisson.cli.words.Words;
import dev.caisson.disk.DiskException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Where passphrases come from: never from the command line, which every user can read. */
final class KeyOptions {
  /** No passphrase is longer; a disk given by mistake shall not be read whole. */
  private static final int LONGEST = 1 << 20;

  private final String prefix;
  private final String meaning;
  private final String how;
  private final List<String> files = new ArrayList<>();
  private final List<String> variables = new ArrayList<>();
  private final List<Integer> descriptors = new ArrayList<>();

  private KeyOptions(String prefix, String meaning, String how) {
    this.prefix = prefix;
    this.meaning = meaning;
    this.how = how;
  }

  /** Of disks that exist. */
  static KeyOptions opening() {
    return new KeyOptions(
        "--key", "passphrase of an encrypted disk", ": all bytes of a file; - for standard input");
  }

  /** Of what is made: a disk, or one more key. */
  static KeyOptions making() {
    return new KeyOptions(
        "--new-key",
        "passphrase of the new disk",
        ", from a file; default: as --key-..., else asked for");
  }

  void declare(Words words) {
    words.value("FILE", meaning + how, files::add, prefix + "-file");
    words.value("VARIABLE", meaning + ", from the environment", variables::add, prefix + "-env");
    words.number("NUMBER", meaning + ", from a descriptor", descriptors::add, prefix + "-fd");
  }

  List<byte[]> read(Console console) {
    List<byte[]> found = new ArrayList<>();
    for (String file : files) {
      found.add(contents(console, file));
    }
    for (String variable : variables) {
      String value = console.environment().get(variable);
      if (value == null) {
        throw new DiskException(
            DiskException.Kind.MISSING, "the variable %s is not set".formatted(variable));
      }
      found.add(value.getBytes(UTF_8));
    }
    for (int descriptor : descriptors) {
      // The front end does such a command itself, so that the descriptors are this process's.
      found.add(contents(console, descriptor == 0 ? "-" : "/proc/self/fd/" + descriptor));
    }
    return found;
  }

  /**
   * All bytes of a file, or of standard input, as qemu-img takes them: a last line keeps its end.
   */
  static byte[] contents(Console console, String file) {
    byte[] bytes;
    try {
      if (file.equals("-")) {
        bytes = console.in().readNBytes(LONGEST + 1);
      } else {
        Path path = console.directory().resolve(file);
        try (var in = Files.newInputStream(path)) {
          bytes = in.readNBytes(LONGEST + 1);
        }
      }
    } catch (IOException failure) {
      throw DiskException.io("the passphrase in " + file, failure);
    }
    if (bytes.length > LONGEST) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE,
          "the passphrase in %s is longer than 1 MiB; is it the right file?".formatted(file));
    }
    return bytes;
  }
}
