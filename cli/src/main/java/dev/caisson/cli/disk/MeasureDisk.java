/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.convert.Measurement;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.luks.LuksContainer;
import dev.caisson.disk.qcow2.Qcow2Disk;
import dev.caisson.disk.qcow2.Qcow2Format;
import java.util.List;
import java.util.OptionalLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "measure", description = "Tell how large a disk's file would be")
final class MeasureDisk extends DiskCommand {
  @Option(
      names = "-f",
      defaultValue = "",
      paramLabel = "FORMAT",
      description = "format of the source")
  String format = "";

  @Option(
      names = "-O",
      defaultValue = "raw",
      paramLabel = "FORMAT",
      description = "format to measure")
  String targetFormat = "raw";

  @Option(names = "-o", paramLabel = "NAME=VALUE,...", description = "options of that format")
  String[] options = {};

  @Option(
      names = "--size",
      defaultValue = "",
      paramLabel = "SIZE",
      description = "an empty disk of this size")
  String size = "";

  @Option(
      names = "-l",
      defaultValue = "",
      paramLabel = "SNAPSHOT",
      description = "measure this snapshot of the source")
  String snapshot = "";

  @Option(
      names = {"-U", "--force-share"},
      description = "even while somebody writes to it")
  boolean unlocked;

  @Parameters(
      index = "0",
      arity = "0..1",
      defaultValue = "",
      paramLabel = "FILE",
      description = "the disk that would be converted")
  String file = "";

  @Override
  KeyNeed need() {
    return KeyNeed.NEVER;
  }

  @Override
  int run() {
    var bitmaps = OptionalLong.empty();
    Measurement measured;
    boolean qcow2 = targetFormat.equals("qcow2");
    var to = format(targetFormat).orElseThrow();
    if (!List.of(DiskFormat.RAW, DiskFormat.QCOW2, DiskFormat.LUKS).contains(to)) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          "only raw, qcow2 and luks can be measured, not " + targetFormat);
    }
    var asked = new FormatOptions(options);
    var encryption = asked.encryption(to, false);
    var shape = qcow2 ? asked.qcow2() : Qcow2Format.DEFAULT;
    if (file.isEmpty() == size.isEmpty()) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE, "measure takes a file or --size, one of them");
    }
    if (file.isEmpty()) {
      long bytes = ByteCount.parse(size);
      measured = qcow2 ? Measurement.qcow2(bytes, shape) : Measurement.raw(bytes);
    } else {
      try (var disk = open(file, reading(format, unlocked), snapshot)) {
        measured = qcow2 ? Measurement.qcow2(disk, shape) : Measurement.raw(disk);
        Disk whole = disk instanceof SnapshotSource one ? one.owner() : disk;
        if (qcow2 && whole instanceof Qcow2Disk image && image.info().compat().equals("1.1")) {
          bitmaps = OptionalLong.of(Measurement.bitmaps(image, shape));
        }
      }
    }
    if (encryption.isPresent()) {
      measured =
          measured.withHeader(
              LuksContainer.areaBytes(encryption.get()), qcow2 ? shape.clusterSize() : 512);
    }
    show(measured, bitmaps);
    return 0;
  }

  private void show(Measurement measured, OptionalLong bitmaps) {
    if (json()) {
      var fields =
          document("required", measured.required(), "fully-allocated", measured.fullyAllocated());
      bitmaps.ifPresent(bytes -> fields.put("bitmaps", bytes));
      tell(fields);
      return;
    }
    print("required size: " + measured.required());
    print("fully allocated size: " + measured.fullyAllocated());
    bitmaps.ifPresent(bytes -> print("bitmaps size: " + bytes));
  }
}
