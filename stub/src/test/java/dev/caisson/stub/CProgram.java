/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.stub;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The stub's sources with their tests, built with sanitizers and a kernel that does nothing. */
record CProgram(Path file) {

  static CProgram build(Path folder) throws IOException, InterruptedException {
    var program = new CProgram(folder.resolve("tests"));
    assertThat(output("./build.sh", "tests", program.file.toString())).isEmpty();
    return program;
  }

  /** What it printed; "ok" if all was well. */
  String run(String... arguments) throws IOException, InterruptedException {
    return output(
        Stream.concat(Stream.of(file.toString()), Stream.of(arguments)).toArray(String[]::new));
  }

  private static String output(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    process.waitFor(1, TimeUnit.HOURS);
    return output;
  }
}
