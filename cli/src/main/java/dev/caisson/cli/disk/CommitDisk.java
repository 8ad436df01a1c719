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
      names = {"-f", "-t"},
      description = "accepted for qemu-img's sake")
  String[] ignored = {};

  @Parameters(
      index = "0",
      paramLabel = "FILE",
      description = "the disk whose changes go into its base")
  String file = "";

  @Override
  int run() {
    Rebasing.commit(path(file), keep, progress(showProgress, Long.MAX_VALUE));
    say("Image committed.");
    return 0;
  }
}
