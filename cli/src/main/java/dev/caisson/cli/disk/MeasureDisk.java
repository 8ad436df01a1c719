/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
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

@Command(name = "measure", description = "Tell how large a disk's file would be")
final class MeasureDisk extends DiskCommand {
  private String format = "";
  private String targetFormat = "raw";
  private String[] options = {};
  private String size = "";
  private String snapshot = "";
  private boolean unlocked;
  private String file = "";

  @Override
  void declare(Words words) {
    words.value("FORMAT", "format of the source", value -> format = value, "-f");
    words.value("FORMAT", "format to measure", value -> targetFormat = value, "-O");
    words.value(
        "NAME=VALUE,...",
        "options of that format",
        value -> options = Words.appended(options, value),
        "-o");
    words.value("SIZE", "an empty disk of this size", value -> size = value, "--size");
    words.value("SNAPSHOT", "measure this snapshot of the source", value -> snapshot = value, "-l");
    words.flag("even while somebody writes to it", () -> unlocked = true, "-U", "--force-share");
    words.optionalArgument("FILE", "the disk that would be converted", value -> file = value);
  }

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
