/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.util.List;
import java.util.Optional;

/**
 * A further command in a running container.
 *
 * @param user empty for the container's
 * @param workingDirectory empty for the container's
 */
public record ExecSpec(
    List<String> command,
    List<String> environment,
    String user,
    String workingDirectory,
    boolean tty,
    boolean privileged,
    boolean attachStdin,
    boolean attachStdout,
    boolean attachStderr,
    String detachKeys,
    Optional<ProcessSpec.ConsoleSize> consoleSize) {
  public ExecSpec {
    command = List.copyOf(command);
    environment = List.copyOf(environment);
  }

  /** {@code words} with output attached. */
  public static ExecSpec of(String... words) {
    return new ExecSpec(
        List.of(words), List.of(), "", "", false, false, false, true, true, "", Optional.empty());
  }
}
