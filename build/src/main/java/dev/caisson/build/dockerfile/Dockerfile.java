/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build.dockerfile;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A parsed Dockerfile.
 *
 * @param escape the character that continues a line and quotes a variable, {@code \} or a
 *     back-quote
 * @param globals ARG instructions before the first FROM, visible to FROM only
 * @param stages in the order of the file, at least one
 */
public record Dockerfile(char escape, List<Instruction.Arg> globals, List<Stage> stages) {
  public Dockerfile {
    globals = List.copyOf(globals);
    stages = List.copyOf(stages);
  }

  /**
   * Parses the text of a Dockerfile.
   *
   * @throws DockerfileException naming the line that cannot be understood
   */
  public static Dockerfile parse(String text) {
    LineReader.Text read = LineReader.read(text);
    InstructionParser parser = new InstructionParser(read.escape());
    List<Instruction.Arg> globals = new ArrayList<>();
    List<Stage> stages = new ArrayList<>();
    List<Instruction> current = new ArrayList<>();
    for (LogicalLine line : read.lines()) {
      switch (parser.parse(line)) {
        case Instruction.From from -> {
          current = new ArrayList<>();
          refuseDuplicateName(stages, from);
          stages.add(new Stage(stages.size(), from, current));
        }
        case Instruction.Arg arg when stages.isEmpty() -> globals.add(arg);
        case Instruction other when stages.isEmpty() ->
            throw new DockerfileException(
                other.line(), "the first instruction must be FROM (or ARG), not " + line.keyword());
        case Instruction other -> current.add(other);
      }
    }
    if (stages.isEmpty()) {
      throw new DockerfileException(
          1, "there is no FROM instruction, so there is nothing to build");
    }
    return new Dockerfile(read.escape(), globals, stages);
  }

  /** Parses one instruction kept as text, such as an ONBUILD trigger of a base image. */
  public static Instruction parseTrigger(String text) {
    List<LogicalLine> lines = LineReader.read(text).lines();
    if (lines.size() != 1) {
      throw new DockerfileException(
          1, "an ONBUILD trigger is one instruction, not " + lines.size());
    }
    return new InstructionParser('\\').parse(lines.getFirst());
  }

  /** The stage called {@code name}, by alias (case-insensitive) or index. */
  public Optional<Stage> stage(String name) {
    return stages.stream()
        .filter(stage ->
            stage.name().equalsIgnoreCase(name) || Integer.toString(stage.index()).equals(name))
        .findFirst();
  }

  private static void refuseDuplicateName(List<Stage> stages, Instruction.From from) {
    from.alias()
        .filter(alias ->
            stages.stream().anyMatch(stage -> stage.name().equals(alias.toLowerCase(Locale.ROOT))))
        .ifPresent(alias -> {
          throw new DockerfileException(
              from.line(), "two stages are called '" + alias + "'; rename one");
        });
  }
}
