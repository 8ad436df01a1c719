/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.cli.words.Spoken;
import dev.caisson.cli.words.Words;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** picocli's view of a command that declares its words itself: for help and completion. */
public final class SpokenSpec {
  private SpokenSpec() {}

  /** Of {@code command}, whose name and description its {@link Command} annotation says. */
  public static CommandLine line(Spoken command) {
    CommandSpec spec = CommandSpec.wrapWithoutInspection(command);
    Command says = command.getClass().getAnnotation(Command.class);
    spec.name(says.name()).usageMessage().description(says.description());
    Words words = command.words();
    words.options().forEach(option -> spec.addOption(option(option)));
    int index = 0;
    for (Words.Argument argument : words.arguments()) {
      spec.addPositional(argument(argument, index++));
    }
    spec.addOption(
        OptionSpec.builder("--help")
            .usageHelp(true)
            .arity("0")
            .description("show this text")
            .build());
    return new CommandLine(spec);
  }

  private static OptionSpec option(Words.Option option) {
    var names = option.names().toArray(String[]::new);
    var built = OptionSpec.builder(names).description(option.description()).hidden(option.hidden());
    return option.takesValue()
        ? built
            .type(String.class)
            .arity(option.alone().isPresent() ? "0..1" : "1")
            .paramLabel(option.label())
            .build()
        : built.type(boolean.class).arity("0").build();
  }

  private static PositionalParamSpec argument(Words.Argument argument, int index) {
    boolean many = argument.most() > 1;
    return PositionalParamSpec.builder()
        .type(many ? String[].class : String.class)
        .index(many ? index + "..*" : String.valueOf(index))
        .arity(many ? argument.least() + "..*" : argument.least() + "..1")
        .paramLabel(argument.label())
        .description(argument.description())
        .build();
  }
}
