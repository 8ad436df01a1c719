/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
import dev.caisson.disk.file.Rebasing;
import picocli.CommandLine.Command;

@Command(name = "commit", description = "Write a disk's changes into its base")
final class CommitDisk extends DiskCommand {
  private boolean keep;
  private boolean showProgress;
  private String base = "";
  private String rate = "";
  private String format = "";
  private String cache = "writeback";
  private String file = "";

  @Override
  void declare(Words words) {
    words.flag("keep the changes in the disk too", () -> keep = true, "-d");
    words.flag("show progress", () -> showProgress = true, "-p");
    words.value("BASE", "a base further down to write into", value -> base = value, "-b");
    words.value("RATE", "bytes a second, at most", value -> rate = value, "-r");
    words.value("FORMAT", "the format; only qcow2 has a base", value -> format = value, "-f");
    words.value("MODE", "cache mode", value -> cache = value, "-t");
    words.argument("FILE", "the disk whose changes go into its base", value -> file = value);
  }

  @Override
  int run() {
    var _ = syncing(cache);
    requireQcow2(format);
    var told = progress(showProgress, sizeOf(file), rate);
    if (base.isEmpty()) {
      new Rebasing(secrets().passphrases()).commit(path(file), keep, told);
    } else {
      new Rebasing(secrets().passphrases()).commitInto(path(file), path(base), told);
    }
    say("Image committed.");
    return 0;
  }
}
