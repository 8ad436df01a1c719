/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.ability;

import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.workload.User;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/** A sandbox in which further processes can be started. */
public interface Executable {
  /**
   * A further process.
   *
   * @param arguments at least the command itself
   * @param environment added to, and overriding, the workload's own
   * @param user empty: the workload's
   * @param directory empty: the workload's
   * @param stdin whether something may be written to it; otherwise it reads nothing
   * @param privileged with every capability and no system call filter
   */
  record Command(
      List<String> arguments,
      Map<String, String> environment,
      Optional<User> user,
      Optional<String> directory,
      boolean terminal,
      boolean stdin,
      boolean privileged) {
    public Command {
      arguments = List.copyOf(arguments);
      environment = Map.copyOf(environment);
      Objects.requireNonNull(user);
      Objects.requireNonNull(directory);
    }

    public static Command of(String... arguments) {
      return new Command(
          List.of(arguments), Map.of(), Optional.empty(), Optional.empty(), false, false, false);
    }

    public Command withTerminal() {
      return new Command(arguments, environment, user, directory, true, stdin, privileged);
    }

    public Command withStdin() {
      return new Command(arguments, environment, user, directory, terminal, true, privileged);
    }

    public Command withUser(String text) {
      return new Command(
          arguments,
          environment,
          Optional.of(User.parse(text)),
          directory,
          terminal,
          stdin,
          privileged);
    }

    public Command withDirectory(String path) {
      return new Command(
          arguments, environment, user, Optional.of(path), terminal, stdin, privileged);
    }

    public Command withEnvironment(Map<String, String> variables) {
      return new Command(arguments, variables, user, directory, terminal, stdin, privileged);
    }
  }

  /** The running process, and its streams. Closing leaves it running. */
  interface Session extends Attachment {
    /** As the host sees it, or in a guest as the guest does. */
    int pid();

    void signal(int signal);

    CompletableFuture<Exit> exit();
  }

  /**
   * Starts a further process.
   *
   * @throws dev.caisson.sandbox.SandboxException WRONG_STATE unless running; NOT_FOUND or
   *     NOT_EXECUTABLE for the command
   */
  Session exec(Command command);
}
