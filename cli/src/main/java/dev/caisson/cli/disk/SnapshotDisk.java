/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.Snapshot;
import dev.caisson.disk.Snapshots;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.file.DiskFiles;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "snapshot", description = "List, take, bring back or delete internal snapshots")
final class SnapshotDisk extends DiskCommand {
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(ZoneId.systemDefault());

  @Option(names = "-c", defaultValue = "", description = "take one of this name")
  String create = "";

  @Option(names = "-a", defaultValue = "", description = "bring this one back")
  String apply = "";

  @Option(names = "-d", defaultValue = "", description = "delete this one")
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
  int run() {
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
        show(kept);
      }
      return 0;
    }
  }

  private void show(Snapshots kept) {
    if (kept.snapshots().isEmpty()) {
      return;
    }
    print("Snapshot list:");
    print("%-10s%-17s%10s%20s%16s".formatted("ID", "TAG", "VM SIZE", "DATE", "VM CLOCK"));
    kept.snapshots().forEach(this::show);
  }

  private void show(Snapshot one) {
    var clock = one.guestClock();
    print(
        "%-10s%-17s%10s%20s%16s"
            .formatted(
                one.id(),
                one.name(),
                ByteCount.of(one.stateSize()),
                DATE.format(one.created()),
                "%02d:%02d:%02d.%03d"
                    .formatted(
                        clock.toHours(),
                        clock.toMinutesPart(),
                        clock.toSecondsPart(),
                        clock.toMillisPart())));
  }
}
