/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.command;

import picocli.CommandLine.Option;

/** In which form a document is shown. */
final class DocumentFormat {
  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      defaultValue = "",
      description = "json or a template")
  String text = "";
}
