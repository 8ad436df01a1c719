/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.Disk;
import dev.caisson.disk.Extent;
import dev.caisson.disk.Layered;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "map", description = "Show which file of a chain holds which bytes")
final class MapDisk extends DiskCommand {
  /** Formats that QEMU gives no base, so that what is not stored is theirs all the same. */
  private static final Set<String> STANDING_ALONE = Set.of("vpc", "vdi", "vhdx");

  @Option(names = "-f", defaultValue = "", description = "the format, instead of looking")
  String format = "";

  @Option(
      names = {"-U", "--force-share"},
      description = "even while somebody writes to it")
  boolean unlocked;

  @Parameters(index = "0", paramLabel = "FILE", description = "the disk")
  String file = "";

  @Override
  int run() {
    try (var disk = open(file, reading(format, unlocked))) {
      List<Extent> runs = runs(disk);
      if (json()) {
        boolean alone = STANDING_ALONE.contains(disk.format());
        tell(runs.stream().map(run -> describe(run, alone)).toList());
        return 0;
      }
      List<String> files = disk instanceof Layered layered ? layered.chain() : List.of(file);
      print("%-16s%-16s%-16s%s".formatted("Offset", "Length", "Mapped to", "File"));
      for (Extent run : runs) {
        if (run.kind() == Extent.Kind.DATA && run.hostOffset() >= 0) {
          print(
              "%-16s%-16s%-16s%s"
                  .formatted(
                      hex(run.offset()),
                      hex(run.length()),
                      hex(run.hostOffset()),
                      files.get(run.depth())));
        }
      }
      return 0;
    }
  }

  private static String hex(long value) {
    return value == 0 ? "0" : "0x" + Long.toHexString(value);
  }

  private static List<Extent> runs(Disk disk) {
    List<Extent> runs = new ArrayList<>();
    for (long at = 0; at < disk.size(); ) {
      Extent next = disk.extent(at, disk.size() - at);
      at = next.end();
      if (!runs.isEmpty() && follows(runs.getLast(), next)) {
        Extent last = runs.removeLast();
        next =
            new Extent(
                last.offset(),
                last.length() + next.length(),
                last.kind(),
                last.depth(),
                last.hostOffset());
      }
      runs.add(next);
    }
    return runs;
  }

  private static boolean follows(Extent last, Extent next) {
    boolean place =
        last.hostOffset() < 0
            ? next.hostOffset() < 0
            : next.hostOffset() == last.hostOffset() + last.length();
    return last.kind() == next.kind() && last.depth() == next.depth() && place;
  }

  private static Map<String, Object> describe(Extent run, boolean alone) {
    var fields =
        document(
            "start", run.offset(),
            "length", run.length(),
            "depth", run.depth(),
            "present", run.present() || alone,
            "zero", run.readsAsZero(),
            "data", !run.readsAsZero(),
            "compressed", run.kind() == Extent.Kind.COMPRESSED);
    if (run.hostOffset() >= 0) {
      fields.put("offset", run.hostOffset());
    }
    return fields;
  }
}
