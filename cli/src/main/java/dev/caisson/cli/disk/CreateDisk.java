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
import dev.caisson.disk.qcow2.Qcow2Format;
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

  @Parameters(index = "0", arity = "0..1", paramLabel = "FILE", description = "the new disk")
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
    if (FormatOptions.help(options)) {
      FormatOptions.lines(format).forEach(this::print);
      return 0;
    }
    Path path = path(file);
    if (format(format).orElseThrow() == DiskFormat.RAW) {
      createRaw(path);
    } else {
      requireQcow2();
      createQcow2(path);
    }
    return 0;
  }

  private void createRaw(Path path) {
    var asked = new FormatOptions(options);
    if (!base.isEmpty()) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED, "raw disks stand on no base; create it with -f qcow2");
    }
    var ahead = asked.rawPreallocation();
    long bytes = ByteCount.parse(size.isEmpty() ? asked.get("size", "") : size);
    DiskFiles.createRaw(path, bytes);
    ahead.reserve(path);
    say("Formatting '%s', fmt=raw size=%d".formatted(file, bytes));
  }

  private void requireQcow2() {
    if (!format.equals("qcow2")) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          "only raw and qcow2 can be created, not %s; use qemu-img for that".formatted(format));
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
    String given = size.isEmpty() ? asked.get("size", "") : size;
    long bytes = given.isEmpty() ? sizeOfBase(path, shape) : ByteCount.parse(given);
    if (shape.dataFile().isPresent()) {
      DiskFiles.createRaw(BasePolicy.LOCAL.permit(path, shape.dataFile().get()), bytes);
    }
    if (shape.backing().isPresent() && !unsafe) {
      sizeOfBase(path, shape);
    }
    DiskFiles.create(path, shape, bytes);
    say(announcement(shape, bytes));
    preallocate(path, Preallocation.named(asked.get("preallocation", "off")));
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

  private static void preallocate(Path path, Preallocation ahead) {
    if (ahead == Preallocation.OFF) {
      return;
    }
    var options = DiskOptions.WRITE.withFormat(DiskFormat.QCOW2).withSyncing(false).withAlone(true);
    try (var disk = DiskFiles.open(path, options)) {
      ahead.layOut(disk, 0);
    }
    ahead.reserve(path);
  }
}
