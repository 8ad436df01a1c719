/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.cli.format.Table;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** How a list is shown: as a table, by a template, or by its ids alone. */
public final class ListOptions {
  @Option(
      names = {"-q", "--quiet"},
      description = "only ids, or names where there are none")
  public boolean quiet;

  @Mixin public TableFormat format = new TableFormat();

  /**
   * Prints a list.
   *
   * @param id what stands for one of them
   * @param row its fields, by the table's names
   */
  public <T> int print(
      PrintStream out,
      List<T> things,
      Table table,
      Function<T, String> id,
      Function<T, Map<String, Object>> row) {
    if (quiet) {
      things.forEach(thing -> out.println(id.apply(thing)));
    } else {
      things.forEach(thing -> table.row(row.apply(thing)));
      table.print(out, format.text);
    }
    return 0;
  }
}
