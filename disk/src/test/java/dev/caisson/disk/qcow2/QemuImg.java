/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The distribution's qemu-img and qemu-io, as oracles. */
final class QemuImg {
  private QemuImg() {}

  record Answer(int exit, String output) {}

  static void require() {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/qemu-img")), "qemu-img is not installed");
  }

  static Answer run(String... arguments) {
    return start("qemu-img", arguments);
  }

  static Answer io(String... arguments) {
    return start("qemu-io", arguments);
  }

  private static Answer start(String program, String... arguments) {
    List<String> command = new ArrayList<>(List.of(program));
    command.addAll(List.of(arguments));
    try {
      var process = new ProcessBuilder(command).redirectErrorStream(true).start();
      var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Answer(process.waitFor(), output);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    } catch (InterruptedException stopped) {
      throw new AssertionError(stopped);
    }
  }

  /** Runs and expects exit code 0. */
  static String must(String... arguments) {
    var answer = run(arguments);
    if (answer.exit != 0) {
      throw new AssertionError(String.join(" ", arguments) + ": " + answer);
    }
    return answer.output;
  }
}
