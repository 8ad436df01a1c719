/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.convert.Conversion;
import dev.caisson.disk.convert.Joined;
import dev.caisson.disk.convert.Salvaged;
import dev.caisson.disk.file.BasePolicy;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.nbd.NbdUri;
import dev.caisson.disk.qcow2.Qcow2Format;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
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
      names = {"-B", "-b"},
      defaultValue = "",
      description = "base of the target, holding what the source's base holds")
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

  @Option(names = "-T", defaultValue = "writeback", description = "cache mode of the source")
  String sourceCache = "writeback";

  @Option(names = "-r", defaultValue = "", description = "bytes a second, at most")
  String rate = "";

  @Option(names = "-C", description = "accepted: copies run through this process")
  boolean offload;

  @Option(names = "--target-is-zero", description = "the target that exists (-n) is all zeroes")
  boolean targetIsZero;

  @Option(names = "--salvage", description = "take what cannot be read for zeroes")
  boolean salvage;

  @Option(names = "--bitmaps", hidden = true, description = "refused, with what to use instead")
  boolean bitmaps;

  @Option(
      names = {"-U", "--force-share"},
      description = "read even while somebody writes")
  boolean unlocked;

  @Parameters(
      arity = "0..*",
      paramLabel = "DISK",
      description = "SOURCE... TARGET; several sources are joined")
  String[] files = {};

  @Override
  int run() {
    if (FormatOptions.help(options)) {
      FormatOptions.lines(targetFormat).forEach(this::print);
      return 0;
    }
    checkOptions();
    try (var from = source()) {
      convert(from, files[files.length - 1]);
      if (from instanceof Salvaged damaged && damaged.lost() > 0) {
        err().printf("caisson: %d bytes could not be read and are zeroes now%n", damaged.lost());
      }
    }
    return 0;
  }

  private void checkOptions() {
    var _ = syncing(sourceCache);
    refuse(files.length < 2, "convert needs a source and a target");
    refuse(targetIsZero && !existing, "--target-is-zero is for a target that exists: add -n");
    refuse(existing && options.length > 0, "-o is for a new target; leave it or -n out");
    refuse(workers < 0 || workers > 16, "-m takes 1 to 16 workers");
    refuse(
        !base.isEmpty() && files.length > 2, "joined sources have no base in common; leave -B out");
    refuse(
        bitmaps, "bitmaps are kept where they are, not copied; qemu-img convert --bitmaps does it");
    refuse(
        !base.isEmpty() && baseFormat.isEmpty() && !existing,
        "say the format of the base with -F; it is never guessed");
  }

  private static void refuse(boolean wrong, String why) {
    if (wrong) {
      throw new DiskException(DiskException.Kind.OUT_OF_RANGE, why);
    }
  }

  private Disk source() {
    List<Disk> opened = new ArrayList<>();
    try {
      for (int i = 0; i < files.length - 1; i++) {
        opened.add(open(files[i], reading(format, unlocked), snapshot));
      }
    } catch (DiskException refused) {
      opened.forEach(Disk::close);
      throw refused;
    }
    Disk all = opened.size() == 1 ? opened.getFirst() : new Joined(opened);
    return salvage ? new Salvaged(all) : all;
  }

  private void convert(Disk from, String target) {
    DiskFormat to = format(targetFormat).orElseThrow();
    if (compressed && to != DiskFormat.QCOW2) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED, "only qcow2 can be compressed, not " + targetFormat);
    }
    boolean remote = NbdUri.matches(target);
    if (remote && !existing) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED, target + ": an export is there already; say so with -n");
    }
    var ahead = Preallocation.OFF;
    if (!existing) {
      ahead = create(path(target), to, from.size());
    }
    boolean sync = syncing(cache);
    var opening =
        withSecret(DiskOptions.WRITE.withFormat(to).withSyncing(sync).withAlone(base.isEmpty()));
    try (var into = open(target, opening)) {
      ahead.layOut(into, 0);
      copy(from, into);
      if (sync) {
        into.flush();
      }
    }
    ahead.reserve(path(target));
  }

  private void copy(Disk from, Disk into) {
    int threads = workers > 0 ? workers : Runtime.getRuntime().availableProcessors();
    long zeroes = ByteCount.parse(sparse);
    boolean blank = (!existing || targetIsZero) && base.isEmpty();
    new Conversion(
            Math.clamp(threads, 1, 16),
            (int) Math.min(1 << 20, zeroes),
            compressed,
            blank && zeroes > 0,
            !base.isEmpty())
        .run(from, into, progress(showProgress, from.size(), rate));
  }

  private Preallocation create(Path path, DiskFormat to, long size) {
    var asked = new FormatOptions(options);
    if (to == DiskFormat.RAW) {
      var ahead = asked.rawPreallocation();
      DiskFiles.createRaw(path, size);
      return ahead;
    }
    if (to != DiskFormat.QCOW2) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          "only raw and qcow2 can be written, not %s; use qemu-img for that"
              .formatted(targetFormat));
    }
    Qcow2Format shape = asked.qcow2();
    if (!base.isEmpty()) {
      shape = shape.withBacking(base, baseFormat);
    }
    if (shape.dataFile().isPresent()) {
      DiskFiles.createRaw(BasePolicy.LOCAL.permit(path, shape.dataFile().get()), size);
    }
    DiskFiles.create(path, shape, size);
    return Preallocation.named(asked.get("preallocation", "off"));
  }
}
