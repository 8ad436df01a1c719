/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.cli.console.Console;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** What is noted about a new container, for whoever asks. */
final class MetadataOptions {
  @Option(
      names = {"-l", "--label"},
      paramLabel = "NAME=VALUE",
      description = "a label; may be repeated")
  List<String> labels = new ArrayList<>();

  @Option(
      names = "--label-file",
      paramLabel = "FILE",
      description = "with a label a line; may be repeated")
  List<String> labelFiles = new ArrayList<>();

  @Option(
      names = "--annotation",
      paramLabel = "NAME=VALUE",
      description = "for its OCI configuration; may be repeated")
  List<String> annotations = new ArrayList<>();

  /** Those of the command line over those of files. */
  Map<String, String> labels(Console console) {
    var lines = new ArrayList<String>();
    labelFiles.forEach(file -> lines.addAll(EnvironmentFile.lines(file, console)));
    lines.addAll(labels);
    return KeyValues.map(lines);
  }

  Map<String, String> annotations() {
    return KeyValues.map(annotations);
  }
}
