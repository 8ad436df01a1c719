/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import picocli.CommandLine.Option;

/** In which form rows are shown. */
final class TableFormat {
  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      defaultValue = "",
      description = "table, json or a template")
  String text = "";
}
