/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.file.Rebasing;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "commit", description = "Write a disk's changes into its base")
final class CommitDisk extends DiskCommand {
  @Option(names = "-d", description = "keep the changes in the disk too")
  boolean keep;

  @Option(names = "-p", description = "show progress")
  boolean showProgress;

  @Option(
      names = "-b",
      defaultValue = "",
      paramLabel = "BASE",
      description = "a base further down to write into")
  String base = "";

  @Option(
      names = "-r",
      defaultValue = "",
      paramLabel = "RATE",
      description = "bytes a second, at most")
  String rate = "";

  @Option(
      names = "-f",
      defaultValue = "",
      paramLabel = "FORMAT",
      description = "the format; only qcow2 has a base")
  String format = "";

  @Option(names = "-t", defaultValue = "writeback", paramLabel = "MODE", description = "cache mode")
  String cache = "writeback";

  @Parameters(
      index = "0",
      paramLabel = "FILE",
      description = "the disk whose changes go into its base")
  String file = "";

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
