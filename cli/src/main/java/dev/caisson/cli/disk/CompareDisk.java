/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.convert.Comparison;
import java.util.OptionalLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "compare", description = "Tell whether two disks hold the same")
final class CompareDisk extends DiskCommand {
  private static final int TROUBLE = 2;

  @Option(
      names = "-f",
      defaultValue = "",
      paramLabel = "FORMAT",
      description = "format of the first")
  String firstFormat = "";

  @Option(
      names = "-F",
      defaultValue = "",
      paramLabel = "FORMAT",
      description = "format of the second")
  String secondFormat = "";

  @Option(names = "-T", defaultValue = "writeback", paramLabel = "MODE", description = "cache mode")
  String cache = "writeback";

  @Option(names = "-s", description = "sizes, and what is stored as what, must be the same too")
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
    var _ = syncing(cache);
    try (var one = open(first, reading(firstFormat, unlocked));
        var other = open(second, reading(secondFormat, unlocked))) {
      if (one.size() != other.size()) {
        say(strict ? "Strict mode: Image size mismatch!" : "Warning: Image size mismatch!");
        if (strict) {
          return 1;
        }
      }
      long total = Math.max(one.size(), other.size());
      var comparison = new Comparison(one, other);
      var allocation = strict ? comparison.firstOtherAllocation() : OptionalLong.empty();
      if (allocation.isPresent()) {
        say("Strict mode: Offset %d block status mismatch!".formatted(allocation.getAsLong()));
        return 1;
      }
      var difference = comparison.firstDifference(progress(showProgress, total));
      if (difference.isPresent()) {
        say("Content mismatch at offset %d!".formatted(difference.getAsLong()));
        return 1;
      }
      say("Images are identical.");
      return 0;
    }
  }
}
