/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.file.Rebasing;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "rebase", description = "Put a disk onto another base; -b '' makes it flat")
final class RebaseDisk extends DiskCommand {
  @Option(names = "-b", paramLabel = "BASE", description = "the new base; empty for none")
  @Nullable String base;

  @Option(names = "-F", defaultValue = "", paramLabel = "FORMAT", description = "its format")
  String baseFormat = "";

  @Option(names = "-u", description = "only change the name: for a base that moved")
  boolean unsafe;

  @Option(names = "-p", description = "show progress")
  boolean showProgress;

  @Option(
      names = "-f",
      defaultValue = "",
      paramLabel = "FORMAT",
      description = "the format; only qcow2 has a base")
  String format = "";

  @Option(
      names = {"-t", "-T"},
      paramLabel = "MODE",
      description = "cache modes")
  String[] caches = {};

  @Option(
      names = {"-U", "--force-share"},
      hidden = true,
      description = "refused: a rebase writes")
  boolean unlocked;

  @Parameters(index = "0", paramLabel = "FILE", description = "the disk that gets another base")
  String file = "";

  @Override
  int run() {
    for (String cache : caches) {
      var _ = syncing(cache);
    }
    requireQcow2(format);
    if (unlocked) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          "a rebase writes, so it cannot share the disk with another writer (-U); stop that first");
    }
    if (base == null && !unsafe) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE,
          "say the new base with -b (-b '' for none, which makes the disk flat), or -u");
    }
    Optional<String> name = Optional.ofNullable(base).filter(given -> !given.isEmpty());
    if (name.isPresent() && baseFormat.isEmpty()) {
      throw new DiskException(
          DiskException.Kind.REFUSED, "say the format of the base with -F; it is never guessed");
    }
    if (unsafe) {
      Rebasing.rename(path(file), name, name.map(any -> baseFormat));
    } else {
      new Rebasing(secrets().passphrases())
          .rebase(path(file), name, format(baseFormat), progress(showProgress, sizeOf(file)));
    }
    return 0;
  }
}
