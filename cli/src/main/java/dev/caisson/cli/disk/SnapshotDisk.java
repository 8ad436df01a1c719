/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.Snapshots;
import dev.caisson.disk.file.DiskFiles;
import java.util.stream.Stream;
import picocli.CommandLine.Command;

@Command(name = "snapshot", description = "List, take, bring back or delete internal snapshots")
final class SnapshotDisk extends DiskCommand {
  private String create = "";
  private String apply = "";
  private String delete = "";
  private boolean list;
  private boolean unlocked;
  private String file = "";

  @Override
  void declare(Words words) {
    words.value("NAME", "take one of this name", value -> create = value, "-c");
    words.value("SNAPSHOT", "bring this one back", value -> apply = value, "-a");
    words.value("SNAPSHOT", "delete this one", value -> delete = value, "-d");
    words.flag("list them", () -> list = true, "-l");
    words.flag("even while somebody writes to it", () -> unlocked = true, "-U", "--force-share");
    words.argument("FILE", "the disk", value -> file = value);
  }

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
