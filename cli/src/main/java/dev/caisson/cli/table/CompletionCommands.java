/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.table;

import dev.caisson.cli.command.EngineCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/**
 * Completion of what is being typed. The shells' scripts are short: they ask {@code caisson
 * __complete -- WORDS}, so that names of containers and images are those there are.
 */
final class CompletionCommands {
  /** How commands begin that only programs call; no help lists them. */
  static final String HIDDEN = "__";

  private CompletionCommands() {}

  /** The shells that can be served. */
  enum Shell {
    BASH,
    ZSH
  }

  @Command(name = "completion", description = "Print the completion script of a shell")
  static final class Script extends EngineCommand {
    @Parameters(
        paramLabel = "bash|zsh",
        description = "which shell; load it with: source <(caisson completion bash)")
    Shell shell = Shell.BASH;

    @Override
    public Integer call() {
      var name = "complete." + shell.name().toLowerCase(Locale.ROOT);
      try (var script = Script.class.getResourceAsStream(name)) {
        console()
            .out()
            .print(
                new String(
                    Objects.requireNonNull(script, name).readAllBytes(), StandardCharsets.UTF_8));
        return 0;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Command(name = "__complete", description = "Print what the last word may become, one a line")
  static final class Complete extends EngineCommand {
    private final CommandTable table;

    @Parameters(
        arity = "0..*",
        paramLabel = "WORD",
        description = "what was typed after caisson; the last one may be empty")
    List<String> words = new ArrayList<>();

    Complete(CommandTable table) {
      this.table = table;
    }

    @Override
    public Integer call() {
      new Completion(table, new EngineNames(engine())).of(words).forEach(this::print);
      return 0;
    }
  }
}
