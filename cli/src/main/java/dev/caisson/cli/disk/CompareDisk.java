/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
import dev.caisson.disk.convert.Comparison;
import java.util.OptionalLong;
import picocli.CommandLine.Command;

@Command(name = "compare", description = "Tell whether two disks hold the same")
final class CompareDisk extends DiskCommand {
  private static final int TROUBLE = 2;

  private String firstFormat = "";
  private String secondFormat = "";
  private String cache = "writeback";
  private boolean strict;
  private boolean showProgress;
  private boolean unlocked;
  private String first = "";
  private String second = "";

  @Override
  void declare(Words words) {
    words.value("FORMAT", "format of the first", value -> firstFormat = value, "-f");
    words.value("FORMAT", "format of the second", value -> secondFormat = value, "-F");
    words.value("MODE", "cache mode", value -> cache = value, "-T");
    words.flag(
        "sizes, and what is stored as what, must be the same too", () -> strict = true, "-s");
    words.flag("show progress", () -> showProgress = true, "-p");
    words.flag("even while somebody writes", () -> unlocked = true, "-U", "--force-share");
    words.argument("FIRST", "a disk", value -> first = value);
    words.argument("SECOND", "the disk it is compared with", value -> second = value);
  }

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
