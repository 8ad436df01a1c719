/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** What can be said about an image that is made of files. */
public final class ChangeOptions {
  @Option(
      names = {"-c", "--change"},
      paramLabel = "INSTRUCTION",
      description = "a Dockerfile instruction to apply; may be repeated")
  public List<String> changes = new ArrayList<>();

  @Option(
      names = {"-m", "--message"},
      paramLabel = "TEXT",
      defaultValue = "",
      description = "what the history tells")
  public String message = "";
}
