/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import picocli.CommandLine.Option;

/** In which form rows are shown. */
public final class TableFormat {
  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "",
      description = "table, json or a template")
  public String text = "";
}
