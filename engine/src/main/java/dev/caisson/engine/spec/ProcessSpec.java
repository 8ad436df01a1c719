/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.util.List;
import java.util.Optional;

/**
 * The first process and its streams.
 *
 * @param entrypoint empty for the image's; an empty list removes the image's
 * @param command empty for the image's
 * @param environment {@code NAME=value}; a bare {@code NAME} removes the image's
 * @param user {@code name|uid[:group|gid]}; empty for the image's
 * @param workingDirectory absolute; empty for the image's
 * @param openStdin keep standard input open without anybody attached
 * @param stdinOnce close standard input when the first client detaches
 */
public record ProcessSpec(
    Optional<List<String>> entrypoint,
    Optional<List<String>> command,
    List<String> environment,
    String user,
    String workingDirectory,
    boolean tty,
    boolean openStdin,
    boolean stdinOnce,
    boolean attachStdin,
    boolean attachStdout,
    boolean attachStderr,
    Optional<ConsoleSize> consoleSize) {
  public ProcessSpec {
    entrypoint = entrypoint.map(List::copyOf);
    command = command.map(List::copyOf);
    environment = List.copyOf(environment);
  }

  /** What the image says, output attached. */
  public static ProcessSpec ofImage() {
    return attached(Optional.empty(), Optional.empty(), List.of(), "", "");
  }

  /** Without a terminal or input, output attached. */
  public static ProcessSpec attached(
      Optional<List<String>> entrypoint,
      Optional<List<String>> command,
      List<String> environment,
      String user,
      String workingDirectory) {
    return new ProcessSpec(
        entrypoint,
        command,
        environment,
        user,
        workingDirectory,
        false,
        false,
        false,
        false,
        true,
        true,
        Optional.empty());
  }

  public ProcessSpec withCommand(List<String> words) {
    return new ProcessSpec(
        entrypoint,
        Optional.of(words),
        environment,
        user,
        workingDirectory,
        tty,
        openStdin,
        stdinOnce,
        attachStdin,
        attachStdout,
        attachStderr,
        consoleSize);
  }

  /** A terminal's first size in characters. */
  public record ConsoleSize(int rows, int columns) {}
}
