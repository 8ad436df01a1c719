/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.file.BasePolicy;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.qcow2.Qcow2Format;
import java.nio.file.Path;
import picocli.CommandLine.Command;

@Command(name = "create", description = "Create a disk, empty or on a base")
final class CreateDisk extends DiskCommand {
  private String format = "raw";
  private String base = "";
  private String baseFormat = "";
  private String[] options = {};
  private boolean encrypt;
  private final KeyOptions newKeys = KeyOptions.making();
  private boolean unsafe;
  private String file = "";
  private String size = "";

  @Override
  void declare(Words words) {
    words.value("FORMAT", "raw, qcow2 or luks", value -> format = value, "-f");
    words.value("BASE", "the base", value -> base = value, "-b");
    words.value("FORMAT", "the base's format", value -> baseFormat = value, "-F");
    words.value(
        "NAME=VALUE,...",
        "options of the format, as a=1,b=2",
        value -> options = Words.appended(options, value),
        "-o");
    words.flag("encrypt it with LUKS, for -f qcow2 and luks", () -> encrypt = true, "--encrypt");
    words.flag("do not look at the base", () -> unsafe = true, "-u");
    newKeys.declare(words);
    words.optionalArgument("FILE", "the new disk", value -> file = value);
    words.optionalArgument(
        "SIZE", "as 10G; else the size of the backing file", value -> size = value);
  }

  @Override
  int run() {
    if (FormatOptions.help(options)) {
      FormatOptions.lines(format).forEach(this::print);
      return 0;
    }
    refuse(file.isEmpty(), "create needs the name of the new disk");
    var asked = new FormatOptions(options);
    var made = new NewDisk(format(format).orElseThrow(), asked, encrypt);
    Path path = path(file);
    Qcow2Format shape = format.equals("qcow2") ? shape(asked) : Qcow2Format.DEFAULT;
    refuse(
        !base.isEmpty() && !format.equals("qcow2"),
        format + " disks stand on no base; create it with -f qcow2");
    var ahead = made.preallocation();
    long bytes = size(asked, path, shape);
    made.make(path, shape, bytes, made.passphrase(secrets(), newKeys, file));
    say(
        format.equals("qcow2")
            ? announcement(shape, bytes)
            : "Formatting '%s', fmt=%s size=%d".formatted(file, format, bytes));
    preallocate(path, ahead);
    return 0;
  }

  private Qcow2Format shape(FormatOptions asked) {
    Qcow2Format shape = asked.qcow2();
    if (base.isEmpty()) {
      return shape;
    }
    if (baseFormat.isEmpty()) {
      throw new DiskException(
          DiskException.Kind.REFUSED, "say the format of the base with -F; it is never guessed");
    }
    return shape.withBacking(base, baseFormat);
  }

  private long size(FormatOptions asked, Path path, Qcow2Format shape) {
    String given = size.isEmpty() ? asked.get("size", "") : size;
    boolean look = shape.backing().isPresent() && !unsafe;
    if (given.isEmpty()) {
      return sizeOfBase(path, shape);
    }
    long bytes = ByteCount.parse(given);
    if (look) {
      var _ = sizeOfBase(path, shape);
    }
    return bytes;
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

  private void preallocate(Path path, Preallocation ahead) {
    if (ahead == Preallocation.OFF) {
      return;
    }
    if (format.equals("qcow2")) {
      var writing =
          DiskOptions.WRITE.withFormat(DiskFormat.QCOW2).withSyncing(false).withAlone(true);
      try (var disk = DiskFiles.open(path, writing)) {
        ahead.layOut(disk, 0);
      }
    }
    ahead.reserve(path);
  }
}
