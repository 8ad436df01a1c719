/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Assumptions;

/**
 * A command to run, with its variables and input. Immutable.
 *
 * @param seconds until it is killed and the test fails
 */
record Shell(List<String> words, Map<String, String> variables, String input, int seconds) {
  static Shell of(String... words) {
    return new Shell(List.of(words), Map.of(), "", 90);
  }

  /** Skips the test where a program is not installed. */
  static void need(String program, String reason) {
    Assumptions.assumeTrue(
        Arrays.stream(System.getenv("PATH").split(":"))
            .anyMatch(folder -> Path.of(folder, program).toFile().canExecute()),
        reason);
  }

  Shell with(String... more) {
    List<String> all = new ArrayList<>(words);
    all.addAll(List.of(more));
    return new Shell(List.copyOf(all), variables, input, seconds);
  }

  Shell variable(String name, String value) {
    Map<String, String> all = new HashMap<>(variables);
    all.put(name, value);
    return new Shell(words, Map.copyOf(all), input, seconds);
  }

  Shell input(String text) {
    return new Shell(words, variables, text, seconds);
  }

  Shell within(int limit) {
    return new Shell(words, variables, input, limit);
  }

  /** How it ended and what it said. */
  record Result(int code, String out, String err) {
    String all() {
      return out + err;
    }
  }

  Process start() {
    ProcessBuilder builder = new ProcessBuilder(words);
    builder.environment().putAll(variables);
    try {
      return builder.start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  Result run() {
    Process process = start();
    CompletableFuture<String> out = CompletableFuture.supplyAsync(() -> text(process, true));
    CompletableFuture<String> err = CompletableFuture.supplyAsync(() -> text(process, false));
    try (var stdin = process.getOutputStream()) {
      stdin.write(input.getBytes(StandardCharsets.UTF_8));
    } catch (IOException closed) {
      // It does not read its input.
    }
    try {
      if (!process.waitFor(seconds, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        throw new AssertionError(
            words + " took more than " + seconds + " s\n" + out.join() + err.join());
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      throw new IllegalStateException(e);
    }
    return new Result(process.exitValue(), out.join(), err.join());
  }

  /** Its output, once it has succeeded. */
  String ok() {
    Result result = run();
    assertThat(result.code()).as("%s%n%s", words, result.all()).isZero();
    return result.out();
  }

  private static String text(Process process, boolean output) {
    try (var in = output ? process.getInputStream() : process.getErrorStream()) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }
}
