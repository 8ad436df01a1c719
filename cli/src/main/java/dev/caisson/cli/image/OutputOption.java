/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.image;

import java.util.Optional;
import picocli.CommandLine.Option;

/** Where an archive goes. */
final class OutputOption {
  @Option(
      names = {"-o", "--output"},
      paramLabel = "FILE",
      description = "instead of standard output")
  Optional<String> file = Optional.empty();
}
