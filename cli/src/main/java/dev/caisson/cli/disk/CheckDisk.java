/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.qcow2.Qcow2Disk;
import dev.caisson.disk.qcow2.check.CheckReport;
import dev.caisson.disk.qcow2.check.Repair;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(name = "check", description = "Check a disk file, and repair it")
final class CheckDisk extends DiskCommand {
  private static final int CORRUPT = 2;
  private static final int LEAKS = 3;
  private static final int CANNOT = 63;

  private final SourceOptions source = new SourceOptions();
  private String repair = "";
  private String cache = "writeback";

  @Override
  void declare(Words words) {
    words.choice("leaks|all", "all", "leaks or all", value -> repair = value, "-r", "--repair");
    words.value("MODE", "cache mode", value -> cache = value, "-T");
    source.declare(words);
  }

  @Override
  KeyNeed need() {
    return KeyNeed.NEVER;
  }

  @Override
  String remedyForCorruption() {
    return "an older copy: what a repair would start from cannot be read";
  }

  @Override
  int run() {
    var extent =
        switch (repair) {
          case "" -> Repair.Extent.NONE;
          case "leaks" -> Repair.Extent.LEAKS;
          case "all" -> Repair.Extent.ALL;
          default ->
              throw new DiskException(
                  DiskException.Kind.UNSUPPORTED, "repair knows leaks and all, not " + repair);
        };
    var _ = syncing(cache);
    boolean writing = extent != Repair.Extent.NONE;
    DiskOptions options =
        reading(source).withWritable(writing).withRepairing(writing).withAlone(true);
    try (var disk = DiskFiles.open(path(source.file()), options)) {
      if (!(disk instanceof Qcow2Disk image)) {
        err().println("caisson: This image format does not support checks");
        return CANNOT;
      }
      CheckReport report = image.check(extent);
      if (json()) {
        tell(describe(report));
      } else {
        show(report);
      }
      return report.corruptions() > 0 ? CORRUPT : report.leaks() > 0 ? LEAKS : 0;
    }
  }

  private Map<String, Object> describe(CheckReport report) {
    var fields =
        document(
            "image-end-offset",
            report.imageEnd(),
            "total-clusters",
            report.totalClusters(),
            "check-errors",
            0,
            "filename",
            source.file(),
            "format",
            "qcow2");
    put(fields, "allocated-clusters", report.allocatedClusters());
    put(fields, "fragmented-clusters", report.fragmentedClusters());
    put(fields, "compressed-clusters", report.compressedClusters());
    put(fields, "corruptions", report.corruptions());
    put(fields, "leaks", report.leaks());
    put(fields, "corruptions-fixed", report.corruptionsFixed());
    put(fields, "leaks-fixed", report.leaksFixed());
    return fields;
  }

  /** qemu-img leaves fields out that are 0. */
  private static void put(Map<String, Object> fields, String name, long value) {
    if (value != 0) {
      fields.put(name, value);
    }
  }

  private void show(CheckReport report) {
    report.messages().forEach(this::say);
    if (report.corruptionsFixed() + report.leaksFixed() > 0) {
      say(
          "The following inconsistencies were found and repaired:\n\n    %d leaked clusters\n    %d corruptions\n"
              .formatted(report.leaksFixed(), report.corruptionsFixed()));
    }
    if (report.clean()) {
      say("No errors were found on the image.");
    } else {
      say(
          "%d errors, %d leaked clusters were found on the image."
              .formatted(report.corruptions(), report.leaks()));
    }
    if (report.totalClusters() > 0) {
      say(
          "%d/%d = %.2f%% allocated, %d fragmented, %d compressed clusters"
              .formatted(
                  report.allocatedClusters(),
                  report.totalClusters(),
                  100.0 * report.allocatedClusters() / report.totalClusters(),
                  report.fragmentedClusters(),
                  report.compressedClusters()));
    }
    say("Image end offset: " + report.imageEnd());
  }
}
