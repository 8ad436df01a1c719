/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.build.dockerfile.Command;
import dev.caisson.build.dockerfile.Instruction;
import java.util.List;
import java.util.stream.Collectors;

/** Instructions as one line of text: for progress, history and cache keys. */
final class Headings {
  private Headings() {}

  static String of(Instruction instruction) {
    return switch (instruction) {
      case Instruction.From from -> "FROM " + from.image();
      case Instruction.Arg arg -> "ARG " + variables(arg.variables());
      case Instruction.Env env -> "ENV " + variables(env.variables());
      case Instruction.Label label -> "LABEL " + variables(label.variables());
      case Instruction.Run run -> "RUN " + flags(run.flags()) + of(run.command());
      case Instruction.Cmd cmd -> "CMD " + of(cmd.command());
      case Instruction.Entrypoint entrypoint -> "ENTRYPOINT " + of(entrypoint.command());
      case Instruction.Shell shell -> "SHELL " + list(shell.arguments());
      case Instruction.Copy copy ->
          (copy.add() ? "ADD " : "COPY ")
              + flags(copy.flags())
              + String.join(" ", copy.sources())
              + " "
              + copy.target();
      case Instruction.Workdir workdir -> "WORKDIR " + workdir.path();
      case Instruction.User user -> "USER " + user.user();
      case Instruction.Expose expose -> "EXPOSE " + String.join(" ", expose.ports());
      case Instruction.Volume volume -> "VOLUME " + String.join(" ", volume.paths());
      case Instruction.StopSignal signal -> "STOPSIGNAL " + signal.signal();
      case Instruction.Maintainer maintainer -> "MAINTAINER " + maintainer.name();
      case Instruction.Healthcheck check ->
          "HEALTHCHECK "
              + check.options().entrySet().stream()
                  .map(option -> "--" + option.getKey() + "=" + option.getValue() + " ")
                  .collect(Collectors.joining())
              + check.command().map(command -> "CMD " + of(command)).orElse("NONE");
      case Instruction.OnBuild onBuild -> "ONBUILD " + onBuild.trigger();
    };
  }

  private static String of(Command command) {
    return switch (command) {
      case Command.Shell(String line) -> line;
      case Command.Exec(List<String> arguments) -> list(arguments);
    };
  }

  private static String list(List<String> words) {
    return words.stream()
        .map(word -> "\"" + word + "\"")
        .collect(Collectors.joining(",", "[", "]"));
  }

  private static String variables(List<Instruction.Variable> variables) {
    return variables.stream()
        .map(each -> each.value().map(value -> each.name() + "=" + value).orElse(each.name()))
        .collect(Collectors.joining(" "));
  }

  private static String flags(List<Instruction.Flag> flags) {
    return flags.stream()
        .map(flag -> "--" + flag.name() + "=" + flag.value() + " ")
        .collect(Collectors.joining());
  }
}
