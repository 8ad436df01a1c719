/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.file.BasePolicy;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.qcow2.Qcow2Disk;
import dev.caisson.disk.qcow2.Qcow2Format;
import dev.caisson.disk.storage.FileStorage;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "create", description = "Create a disk, empty or on a base")
final class CreateDisk extends DiskCommand {
  @Option(names = "-f", defaultValue = "raw", description = "raw or qcow2")
  String format = "raw";

  @Option(names = "-b", defaultValue = "", description = "the base")
  String base = "";

  @Option(names = "-F", defaultValue = "", description = "the base's format")
  String baseFormat = "";

  @Option(names = "-o", description = "options of the format, as a=1,b=2")
  String[] options = {};

  @Option(names = "-u", description = "do not look at the base")
  boolean unsafe;

  @Parameters(index = "0", paramLabel = "FILE", description = "the new disk")
  String file = "";

  @Parameters(
      index = "1",
      arity = "0..1",
      defaultValue = "",
      paramLabel = "SIZE",
      description = "as 10G; else the size of the backing file")
  String size = "";

  @Override
  int run() {
    Path path = path(file);
    if (format(format).orElseThrow() == DiskFormat.RAW) {
      long bytes = ByteCount.parse(size);
      DiskFiles.createRaw(path, bytes);
      say("Formatting '%s', fmt=raw size=%d".formatted(file, bytes));
    } else {
      requireQcow2();
      createQcow2(path);
    }
    return 0;
  }

  private void requireQcow2() {
    if (!format.equals("qcow2")) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED, "only raw and qcow2 can be created, not " + format);
    }
  }

  private void createQcow2(Path path) {
    var asked = new FormatOptions(options);
    Qcow2Format shape = asked.qcow2();
    if (!base.isEmpty()) {
      if (baseFormat.isEmpty()) {
        throw new DiskException(
            DiskException.Kind.REFUSED, "say the format of the base with -F; it is never guessed");
      }
      shape = shape.withBacking(base, baseFormat);
    }
    long bytes = size.isEmpty() ? sizeOfBase(path, shape) : ByteCount.parse(size);
    if (shape.dataFile().isPresent()) {
      DiskFiles.createRaw(BasePolicy.LOCAL.permit(path, shape.dataFile().get()), bytes);
    }
    if (shape.backing().isPresent() && !unsafe) {
      sizeOfBase(path, shape);
    }
    DiskFiles.create(path, shape, bytes);
    say(announcement(shape, bytes));
    preallocate(path, asked.get("preallocation", "off"));
  }

  private String announcement(Qcow2Format shape, long bytes) {
    String based =
        shape
            .backing()
            .map(name ->
                " backing_file=%s backing_fmt=%s".formatted(name, shape.backingFormat().orElse("")))
            .orElse("");
    return "Formatting '%s', fmt=qcow2 cluster_size=%d extended_l2=%s compression_type=%s size=%d%s lazy_refcounts=%s refcount_bits=%d"
        .formatted(
            file,
            shape.clusterSize(),
            shape.extendedL2() ? "on" : "off",
            shape.compression().label(),
            bytes,
            based,
            shape.lazyRefcounts() ? "on" : "off",
            shape.refcountBits());
  }

  private long sizeOfBase(Path path, Qcow2Format shape) {
    String name =
        shape
            .backing()
            .orElseThrow(
                () -> new DiskException(DiskException.Kind.OUT_OF_RANGE, "say a size, or a base"));
    var label = format(shape.backingFormat().orElse("")).orElse(DiskFormat.RAW);
    return DiskFiles.sizeOf(BasePolicy.LOCAL.permit(path, name), label);
  }

  private static void preallocate(Path path, String how) {
    if (how.equals("off")) {
      return;
    }
    var options = DiskOptions.WRITE.withFormat(DiskFormat.QCOW2).withSyncing(false).withAlone(true);
    try (var disk = (Qcow2Disk) DiskFiles.open(path, options)) {
      disk.preallocate();
    }
    if (how.equals("full") || how.equals("falloc")) {
      FileStorage.reserve(path);
    }
  }
}
