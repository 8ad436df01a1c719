/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.file.Rebasing;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

@Command(name = "rebase", description = "Put a disk onto another base; -b '' makes it flat")
final class RebaseDisk extends DiskCommand {
  private @Nullable String base;
  private String baseFormat = "";
  private boolean unsafe;
  private boolean showProgress;
  private String format = "";
  private String[] caches = {};
  private boolean unlocked;
  private String file = "";

  @Override
  void declare(Words words) {
    words.value("BASE", "the new base; empty for none", value -> base = value, "-b");
    words.value("FORMAT", "its format", value -> baseFormat = value, "-F");
    words.flag("only change the name: for a base that moved", () -> unsafe = true, "-u");
    words.flag("show progress", () -> showProgress = true, "-p");
    words.value("FORMAT", "the format; only qcow2 has a base", value -> format = value, "-f");
    words.value("MODE", "cache modes", value -> caches = Words.appended(caches, value), "-t", "-T");
    words.hidden("refused: a rebase writes", () -> unlocked = true, "-U", "--force-share");
    words.argument("FILE", "the disk that gets another base", value -> file = value);
  }

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
