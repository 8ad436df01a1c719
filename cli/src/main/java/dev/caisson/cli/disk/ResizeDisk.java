/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.Resizable;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.file.DiskFiles;
import picocli.CommandLine.Command;

@Command(name = "resize", description = "Grow or shrink a disk")
final class ResizeDisk extends DiskCommand {
  private String format = "";
  private boolean shrink;
  private String preallocation = "off";
  private String file = "";
  private String size = "";

  @Override
  void declare(Words words) {
    words.value("FORMAT", "the format, instead of looking", value -> format = value, "-f");
    words.flag("really cut off the end", () -> shrink = true, "--shrink");
    words.value(
        "KIND",
        "of what is new: off, metadata, falloc or full",
        value -> preallocation = value,
        "--preallocation");
    words.argument("FILE", "the disk", value -> file = value);
    words.argument("SIZE", "a size, or +SIZE, or -SIZE", value -> size = value);
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
