/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.Resizable;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.file.DiskFiles;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "resize", description = "Grow or shrink a disk")
final class ResizeDisk extends DiskCommand {
  @Option(
      names = "-f",
      defaultValue = "",
      paramLabel = "FORMAT",
      description = "the format, instead of looking")
  String format = "";

  @Option(names = "--shrink", description = "really cut off the end")
  boolean shrink;

  @Option(
      names = "--preallocation",
      defaultValue = "off",
      paramLabel = "KIND",
      description = "of what is new: off, metadata, falloc or full")
  String preallocation = "off";

  @Parameters(index = "0", paramLabel = "FILE", description = "the disk")
  String file = "";

  @Parameters(index = "1", paramLabel = "SIZE", description = "a size, or +SIZE, or -SIZE")
  String size = "";

  /** A size may begin with a minus, as an option does. */
  @Spec
  void takeSizesWithMinus(CommandSpec spec) {
    spec.parser().unmatchedOptionsArePositionalParams(true);
  }

  @Override
  int run() {
    try (var disk = DiskFiles.open(path(file), reading(format, false).withWritable(true))) {
      long wanted = wanted(disk.size());
      if (wanted < disk.size() && !shrink) {
        throw new DiskException(
            DiskException.Kind.REFUSED,
            file + ": that would cut off its end; use --shrink to do it all the same");
      }
      if (!(disk instanceof Resizable resizable)) {
        throw new DiskException(
            DiskException.Kind.UNSUPPORTED, file + ": this format cannot be resized");
      }
      long before = disk.size();
      var ahead = Preallocation.named(preallocation);
      ahead.requireFor(disk.format());
      if (wanted < before && ahead != Preallocation.OFF) {
        throw new DiskException(
            DiskException.Kind.OUT_OF_RANGE, "--preallocation is for growing; leave it out");
      }
      resizable.resize(wanted);
      ahead.layOut(disk, before);
      disk.flush();
    }
    Preallocation.named(preallocation).reserve(path(file));
    say("Image resized.");
    return 0;
  }

  private long wanted(long present) {
    if (size.startsWith("+")) {
      return present + ByteCount.parse(size.substring(1));
    }
    return size.startsWith("-")
        ? Math.max(0, present - ByteCount.parse(size.substring(1)))
        : ByteCount.parse(size);
  }
}
