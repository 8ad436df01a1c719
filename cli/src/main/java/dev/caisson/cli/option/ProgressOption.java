/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.cli.console.Console;
import dev.caisson.cli.format.ProgressBars;
import dev.caisson.engine.ProgressListener;
import java.util.function.Consumer;
import picocli.CommandLine.Option;

/** Whether what takes long shows how far it is. */
public final class ProgressOption {
  @Option(
      names = {"-q", "--quiet"},
      description = "without progress")
  boolean quiet;

  public void show(Console console, Consumer<ProgressListener> work) {
    if (quiet) {
      work.accept(ProgressListener.SILENT);
      return;
    }
    var bars = new ProgressBars(console);
    work.accept(bars);
    bars.finish();
  }
}
