/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.caisson.cli.console.Console;
import dev.caisson.disk.DiskException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Where passphrases come from: never from the command line, which every user can read. */
abstract sealed class KeyOptions {
  /** No passphrase is longer; a disk given by mistake shall not be read whole. */
  private static final int LONGEST = 1 << 20;

  abstract String[] files();

  abstract String[] variables();

  abstract int[] descriptors();

  /** Of disks that exist. */
  static final class Opening extends KeyOptions {
    @Option(
        names = "--key-file",
        paramLabel = "FILE",
        description = "passphrase of an encrypted disk: all bytes of a file; - for standard input")
    String[] files = {};

    @Option(
        names = "--key-env",
        paramLabel = "VARIABLE",
        description = "passphrase, from the environment")
    String[] variables = {};

    @Option(
        names = "--key-fd",
        paramLabel = "NUMBER",
        description = "passphrase, from a descriptor")
    int[] descriptors = {};

    @Override
    String[] files() {
      return files;
    }

    @Override
    String[] variables() {
      return variables;
    }

    @Override
    int[] descriptors() {
      return descriptors;
    }
  }

  /** Of what is made: a disk, or one more key. */
  static final class Making extends KeyOptions {
    @Option(
        names = "--new-key-file",
        paramLabel = "FILE",
        description = "passphrase of the new disk; default: as --key-..., else asked for")
    String[] files = {};

    @Option(
        names = "--new-key-env",
        paramLabel = "VARIABLE",
        description = "the same, from the environment")
    String[] variables = {};

    @Option(
        names = "--new-key-fd",
        paramLabel = "NUMBER",
        description = "the same, from a descriptor")
    int[] descriptors = {};

    @Override
    String[] files() {
      return files;
    }

    @Override
    String[] variables() {
      return variables;
    }

    @Override
    int[] descriptors() {
      return descriptors;
    }
  }

  final List<byte[]> read(Console console) {
    List<byte[]> found = new ArrayList<>();
    for (String file : files()) {
      found.add(contents(console, file));
    }
    for (String variable : variables()) {
      String value = console.environment().get(variable);
      if (value == null) {
        throw new DiskException(
            DiskException.Kind.MISSING, "the variable %s is not set".formatted(variable));
      }
      found.add(value.getBytes(UTF_8));
    }
    for (int descriptor : descriptors()) {
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
