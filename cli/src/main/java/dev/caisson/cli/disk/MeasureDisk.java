/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.convert.Measurement;
import dev.caisson.disk.file.ByteCount;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "measure", description = "Tell how large a disk's file would be")
final class MeasureDisk extends DiskCommand {
  @Option(names = "-f", defaultValue = "", description = "format of the source")
  String format = "";

  @Option(names = "-O", defaultValue = "raw", description = "format to measure")
  String targetFormat = "raw";

  @Option(names = "-o", description = "options of that format")
  String[] options = {};

  @Option(names = "--size", defaultValue = "", description = "an empty disk of this size")
  String size = "";

  @Option(
      names = {"-U", "--force-share"},
      description = "even while somebody writes to it")
  boolean unlocked;

  @Parameters(index = "0", arity = "0..1", defaultValue = "")
  String file = "";

  @Override
  int run() {
    Measurement measured = measure();
    if (json()) {
      tell(document("required", measured.required(), "fully-allocated", measured.fullyAllocated()));
    } else {
      print("required size: " + measured.required());
      print("fully allocated size: " + measured.fullyAllocated());
    }
    return 0;
  }

  private Measurement measure() {
    boolean qcow2 = targetFormat.equals("qcow2");
    if (!qcow2 && !targetFormat.equals("raw")) {
      throw new DiskException(DiskException.Kind.UNSUPPORTED, "only raw and qcow2 can be measured");
    }
    var shape = new FormatOptions(options).qcow2();
    if (file.isEmpty()) {
      long bytes = ByteCount.parse(size);
      return qcow2 ? Measurement.qcow2(bytes, shape) : Measurement.raw(bytes);
    }
    try (var disk = open(file, reading(format, unlocked))) {
      return qcow2 ? Measurement.qcow2(disk, shape) : Measurement.raw(disk);
    }
  }
}
