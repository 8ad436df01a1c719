/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.Snapshots;
import dev.caisson.disk.file.DiskFiles;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "snapshot", description = "List, take, bring back or delete internal snapshots")
final class SnapshotDisk extends DiskCommand {
  @Option(
      names = "-c",
      defaultValue = "",
      paramLabel = "NAME",
      description = "take one of this name")
  String create = "";

  @Option(
      names = "-a",
      defaultValue = "",
      paramLabel = "SNAPSHOT",
      description = "bring this one back")
  String apply = "";

  @Option(names = "-d", defaultValue = "", paramLabel = "SNAPSHOT", description = "delete this one")
  String delete = "";

  @Option(names = "-l", description = "list them")
  boolean list;

  @Option(
      names = {"-U", "--force-share"},
      description = "even while somebody writes to it")
  boolean unlocked;

  @Parameters(index = "0", paramLabel = "FILE", description = "the disk")
  String file = "";

  @Override
  KeyNeed need() {
    return KeyNeed.NEVER;
  }

  @Override
  int run() {
    long asked =
        Stream.of(create, apply, delete).filter(name -> !name.isEmpty()).count() + (list ? 1 : 0);
    refuse(asked > 1, "one at a time: -c, -a, -d or -l");
    boolean writing = !(create + apply + delete).isEmpty();
    try (var disk = DiskFiles.open(path(file), reading("", unlocked).withWritable(writing))) {
      if (!(disk instanceof Snapshots kept)) {
        throw new DiskException(
            DiskException.Kind.UNSUPPORTED, file + ": this format has no snapshots");
      }
      if (!create.isEmpty()) {
        kept.createSnapshot(create);
      } else if (!apply.isEmpty()) {
        kept.applySnapshot(apply);
      } else if (!delete.isEmpty()) {
        kept.deleteSnapshot(delete);
      } else {
        SnapshotText.lines(kept.snapshots()).forEach(this::print);
      }
      return 0;
    }
  }
}
