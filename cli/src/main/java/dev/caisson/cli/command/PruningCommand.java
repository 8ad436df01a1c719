/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import dev.caisson.cli.format.HumanSize;
import dev.caisson.engine.view.PruneReport;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** A command that removes what nobody uses, and asks before it does. */
public abstract class PruningCommand extends EngineCommand {
  @Option(
      names = "--filter",
      paramLabel = "KEY=VALUE",
      description = "only what fits; may be repeated")
  protected List<String> filters = new ArrayList<>();

  @Option(
      names = {"-f", "--force"},
      description = "without asking")
  boolean force;

  protected PruningCommand() {}

  /** Whether to go on: asks on the terminal, unless forced; no answer is no. */
  protected final boolean agreed(String what) {
    if (force) {
      return true;
    }
    console().err().print("This removes " + what + ". Continue? [y/N] ");
    console().err().flush();
    try {
      var answer =
          new BufferedReader(new InputStreamReader(console().in(), StandardCharsets.UTF_8))
              .readLine();
      return answer != null && answer.strip().equalsIgnoreCase("y");
    } catch (IOException e) {
      return false; // no answer is no
    }
  }

  protected final void show(String kind, PruneReport report) {
    if (!report.removed().isEmpty()) {
      print("Deleted " + kind + ":");
      report.removed().forEach(this::print);
      print("");
    }
  }

  protected final void total(long bytes) {
    print("Total reclaimed space: " + HumanSize.decimal(bytes));
  }
}
