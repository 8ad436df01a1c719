/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build.dockerfile;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One instruction, its words not yet expanded: what a variable holds is known only while the stage
 * runs.
 *
 * <p>Source: Dockerfile reference, one record per instruction and spelled as there.
 */
public sealed interface Instruction {
  /** Where it starts in the file, from 1. */
  int line();

  /** Starts a stage from {@code image}, which may name an earlier stage or {@code scratch}. */
  record From(int line, String image, Optional<String> platform, Optional<String> alias)
      implements Instruction {}

  /** Declares build arguments; an absent value means that only the caller gives one. */
  record Arg(int line, List<Variable> variables) implements Instruction {}

  record Env(int line, List<Variable> variables) implements Instruction {}

  record Label(int line, List<Variable> variables) implements Instruction {}

  /**
   * @param flags {@code --mount}, {@code --network}, {@code --security}, as written
   * @param heredocs scripts that belong to the command
   */
  record Run(int line, Command command, List<Flag> flags, List<Heredoc> heredocs)
      implements Instruction {}

  record Cmd(int line, Command command) implements Instruction {}

  record Entrypoint(int line, Command command) implements Instruction {}

  record Shell(int line, List<String> arguments) implements Instruction {}

  /** COPY and ADD differ only in what a source may be. */
  record Copy(
      int line,
      boolean add,
      List<String> sources,
      String target,
      List<Flag> flags,
      List<Heredoc> heredocs)
      implements Instruction {
    /** The value of {@code --name=value}. */
    public Optional<String> flag(String name) {
      return flags.stream()
          .filter(flag -> flag.name().equals(name))
          .map(Flag::value)
          .reduce((a, b) -> b);
    }
  }

  record Workdir(int line, String path) implements Instruction {}

  record User(int line, String user) implements Instruction {}

  record Expose(int line, List<String> ports) implements Instruction {}

  record Volume(int line, List<String> paths) implements Instruction {}

  record StopSignal(int line, String signal) implements Instruction {}

  record Maintainer(int line, String name) implements Instruction {}

  /** An absent command is {@code HEALTHCHECK NONE}. */
  record Healthcheck(int line, Optional<Command> command, Map<String, String> options)
      implements Instruction {}

  /**
   * The instruction that a child image will execute, kept as text as the image configuration does.
   */
  record OnBuild(int line, String trigger) implements Instruction {}

  /** {@code --name=value}; a bare {@code --name} has the value {@code true}. */
  record Flag(String name, String value) {}

  /** {@code name=value}, or a bare name. */
  record Variable(String name, Optional<String> value) {}
}
