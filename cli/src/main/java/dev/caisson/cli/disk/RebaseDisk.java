/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.file.Rebasing;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "rebase", description = "Put a disk onto another base; -b '' makes it flat")
final class RebaseDisk extends DiskCommand {
  @Option(names = "-b", defaultValue = "", description = "the new base; empty for none")
  String base = "";

  @Option(names = "-F", defaultValue = "", description = "its format")
  String baseFormat = "";

  @Option(names = "-u", description = "only change the name: for a base that moved")
  boolean unsafe;

  @Option(names = "-p", description = "show progress")
  boolean showProgress;

  @Option(
      names = {"-f", "-t", "-T"},
      description = "accepted for qemu-img's sake")
  String[] ignored = {};

  @Parameters(index = "0", paramLabel = "FILE", description = "the disk that gets another base")
  String file = "";

  @Override
  int run() {
    Optional<String> name = base.isEmpty() ? Optional.empty() : Optional.of(base);
    if (name.isPresent() && baseFormat.isEmpty()) {
      throw new DiskException(
          DiskException.Kind.REFUSED, "say the format of the base with -F; it is never guessed");
    }
    if (unsafe) {
      Rebasing.rename(path(file), name, name.map(any -> baseFormat));
    } else {
      Rebasing.rebase(path(file), name, format(baseFormat), progress(showProgress, Long.MAX_VALUE));
    }
    return 0;
  }
}
