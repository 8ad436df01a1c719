/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** What can be said about a new network or volume besides its name. */
public final class DriverOptions {
  @Option(
      names = {"-o", "--opt"},
      paramLabel = "NAME=VALUE",
      description = "an option of the driver; may be repeated")
  List<String> options = new ArrayList<>();

  @Option(names = "--label", paramLabel = "NAME=VALUE", description = "a label; may be repeated")
  List<String> labels = new ArrayList<>();

  public Map<String, String> options() {
    return KeyValues.map(options);
  }

  public Map<String, String> labels() {
    return KeyValues.map(labels);
  }
}
