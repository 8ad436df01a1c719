/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import picocli.CommandLine.Option;

/** In which form a document is shown. */
public final class DocumentFormat {
  @Option(
      names = {"-f", "--format"},
      paramLabel = "FORMAT",
      defaultValue = "",
      description = "json or a template")
  public String text = "";
}
