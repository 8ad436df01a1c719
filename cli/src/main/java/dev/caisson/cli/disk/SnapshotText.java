/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.Snapshot;
import dev.caisson.disk.file.ByteCount;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;

/** qemu-img's table of internal snapshots. */
final class SnapshotText {
  private static final String ROW = "%-9s %-16s %8s%20s%13s%11s";
  private static final DateTimeFormatter DATE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss").withZone(ZoneId.systemDefault());

  private SnapshotText() {}

  /** Nothing at all where there are none. */
  static List<String> lines(List<Snapshot> snapshots) {
    List<String> lines = new ArrayList<>();
    if (!snapshots.isEmpty()) {
      lines.add("Snapshot list:");
      lines.add(ROW.formatted("ID", "TAG", "VM SIZE", "DATE", "VM CLOCK", "ICOUNT"));
      snapshots.forEach(one -> lines.add(row(one)));
    }
    return lines;
  }

  private static String row(Snapshot one) {
    var clock = one.guestClock();
    var count = one.instructionCount();
    return ROW.formatted(
        one.id(),
        one.name(),
        ByteCount.of(one.stateSize()),
        DATE.format(one.created()),
        "%02d:%02d:%02d.%03d"
            .formatted(
                clock.toHours(),
                clock.toMinutesPart(),
                clock.toSecondsPart(),
                clock.toMillisPart()),
        count.isPresent() ? Long.toString(count.getAsLong()) : "");
  }
}
