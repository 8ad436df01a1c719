/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.convert.Comparison;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "compare", description = "Tell whether two disks hold the same")
final class CompareDisk extends DiskCommand {
  private static final int TROUBLE = 2;

  @Option(names = "-f", defaultValue = "", description = "format of the first")
  String firstFormat = "";

  @Option(names = "-F", defaultValue = "", description = "format of the second")
  String secondFormat = "";

  @Option(names = "-s", description = "sizes must be the same too")
  boolean strict;

  @Option(names = "-p", description = "show progress")
  boolean showProgress;

  @Option(
      names = {"-U", "--force-share"},
      description = "even while somebody writes")
  boolean unlocked;

  @Parameters(index = "0", paramLabel = "FIRST", description = "a disk")
  String first = "";

  @Parameters(index = "1", paramLabel = "SECOND", description = "the disk it is compared with")
  String second = "";

  @Override
  int failureCode() {
    return TROUBLE;
  }

  @Override
  int run() {
    try (var one = open(first, reading(firstFormat, unlocked));
        var other = open(second, reading(secondFormat, unlocked))) {
      if (one.size() != other.size()) {
        say(strict ? "Strict mode: Image size mismatch!" : "Warning: Image size mismatch!");
        if (strict) {
          return 1;
        }
      }
      long total = Math.max(one.size(), other.size());
      var difference = new Comparison(one, other).firstDifference(progress(showProgress, total));
      if (difference.isPresent()) {
        say("Content mismatch at offset %d!".formatted(difference.getAsLong()));
        return 1;
      }
      say("Images are identical.");
      return 0;
    }
  }
}
