/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.Snapshots;
import dev.caisson.disk.convert.Conversion;
import dev.caisson.disk.file.BasePolicy;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.qcow2.Qcow2Format;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "convert", description = "Copy a disk into another format")
final class ConvertDisk extends DiskCommand {
  @Option(names = "-f", defaultValue = "", description = "format of the source, instead of looking")
  String format = "";

  @Option(names = "-O", defaultValue = "raw", description = "format of the target")
  String targetFormat = "raw";

  @Option(
      names = {"-o"},
      description = "options of the target's format")
  String[] options = {};

  @Option(
      names = {"-b", "-B"},
      defaultValue = "",
      description = "base of the target")
  String base = "";

  @Option(names = "-F", defaultValue = "", description = "the base's format")
  String baseFormat = "";

  @Option(names = "-c", description = "compress")
  boolean compressed;

  @Option(names = "-W", description = "allow writes out of order (they always are)")
  boolean unordered;

  @Option(names = "-m", defaultValue = "0", description = "parallel workers, 1 to 16")
  int workers;

  @Option(names = "-p", description = "show progress")
  boolean showProgress;

  @Option(names = "-S", defaultValue = "4k", description = "leave out zeroes of this length")
  String sparse = "4k";

  @Option(names = "-n", description = "write into the target that exists")
  boolean existing;

  @Option(names = "-l", defaultValue = "", description = "copy this snapshot of the source")
  String snapshot = "";

  @Option(
      names = {"-t"},
      defaultValue = "unsafe",
      description = "cache mode of the target")
  String cache = "unsafe";

  @Option(names = "-T", defaultValue = "", description = "cache mode of the source; ignored")
  String sourceCache = "";

  @Option(
      names = {"-U", "--force-share"},
      description = "read even while somebody writes")
  boolean unlocked;

  @Parameters(index = "0", paramLabel = "SOURCE", description = "the disk to read")
  String source = "";

  @Parameters(index = "1", paramLabel = "TARGET", description = "the disk to write")
  String target = "";

  @Override
  int run() {
    try (var from = open(source, reading(format, unlocked))) {
      if (snapshot.isEmpty()) {
        convert(from);
      } else if (from instanceof Snapshots kept) {
        String name = snapshot.replaceFirst("^snapshot\\.(id|name)=", "");
        try (var view = kept.openSnapshot(name)) {
          convert(view);
        }
      } else {
        throw new DiskException(
            DiskException.Kind.UNSUPPORTED, source + ": this format has no snapshots");
      }
    }
    return 0;
  }

  private void convert(Disk from) {
    DiskFormat to = format(targetFormat).orElseThrow();
    if (compressed && to != DiskFormat.QCOW2) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED, "only qcow2 can be compressed, not " + targetFormat);
    }
    Path path = path(target);
    if (!existing) {
      create(path, to, from.size());
    }
    boolean sync = !cache.equals("unsafe");
    var opening =
        withSecret(DiskOptions.WRITE.withFormat(to).withSyncing(sync).withAlone(base.isEmpty()));
    try (var into = DiskFiles.open(path, opening)) {
      int threads = workers > 0 ? workers : Runtime.getRuntime().availableProcessors();
      new Conversion(
              Math.clamp(threads, 1, 16),
              (int) Math.min(1 << 20, ByteCount.parse(sparse)),
              compressed,
              !existing && base.isEmpty())
          .run(from, into, progress(showProgress, from.size()));
      if (sync) {
        into.flush();
      }
    }
  }

  private void create(Path path, DiskFormat to, long size) {
    if (to == DiskFormat.RAW) {
      DiskFiles.createRaw(path, size);
      return;
    }
    if (to != DiskFormat.QCOW2) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED, "only raw and qcow2 can be written, not " + targetFormat);
    }
    Qcow2Format shape = new FormatOptions(options).qcow2();
    if (!base.isEmpty()) {
      shape = shape.withBacking(base, baseFormat.isEmpty() ? "" : baseFormat);
    }
    if (shape.dataFile().isPresent()) {
      DiskFiles.createRaw(BasePolicy.LOCAL.permit(path, shape.dataFile().get()), size);
    }
    DiskFiles.create(path, shape, size);
  }
}
