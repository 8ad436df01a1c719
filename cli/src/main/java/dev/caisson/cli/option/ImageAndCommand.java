/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Parameters;

/** What a container is made of: an image, and what it runs. */
public final class ImageAndCommand {
  @Parameters(index = "0", paramLabel = "IMAGE", description = "name or id")
  public String image = "";

  @Parameters(
      index = "1..*",
      paramLabel = "COMMAND",
      description = "and its arguments; else the one of the image")
  public List<String> command = new ArrayList<>();
}
