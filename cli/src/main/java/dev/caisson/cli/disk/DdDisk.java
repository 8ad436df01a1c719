/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.qcow2.Qcow2Format;
import dev.caisson.disk.storage.PageBuffer;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "dd", description = "Copy blocks: if=SOURCE of=TARGET [bs=] [count=] [skip=]")
final class DdDisk extends DiskCommand {
  @Option(names = "-f", defaultValue = "", description = "format of the source")
  String format = "";

  @Option(names = "-O", defaultValue = "raw", description = "format of the target")
  String targetFormat = "raw";

  @Option(
      names = {"-U", "--force-share"},
      description = "even while somebody writes")
  boolean unlocked;

  @Parameters(
      arity = "2..*",
      paramLabel = "NAME=VALUE",
      description = "if=, of=, bs=, count=, skip=")
  String[] operands = {};

  @Override
  int run() {
    Map<String, String> given = KeyValueList.parse(String.join(",", operands));
    String from = given.getOrDefault("if", "");
    String to = given.getOrDefault("of", "");
    int block = (int) Math.min(1 << 28, ByteCount.parse(given.getOrDefault("bs", "512")));
    if (from.isEmpty() || to.isEmpty() || block == 0) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE, "dd needs if= and of=, and bs above 0");
    }
    try (var source = open(from, reading(format, unlocked))) {
      long start =
          Math.min(source.size(), block * ByteCount.parse(given.getOrDefault("skip", "0")));
      long length = source.size() - start;
      if (given.containsKey("count")) {
        length = Math.min(length, block * ByteCount.parse(given.getOrDefault("count", "0")));
      }
      create(path(to), length);
      try (var target = DiskFiles.open(path(to), writing())) {
        copy(source, target, start, length, block);
      }
    }
    return 0;
  }

  private DiskOptions writing() {
    return DiskOptions.WRITE.withFormat(format(targetFormat)).withSyncing(false);
  }

  private void create(Path path, long size) {
    if (format(targetFormat).orElseThrow() == DiskFormat.QCOW2) {
      DiskFiles.create(path, Qcow2Format.DEFAULT, size);
    } else {
      DiskFiles.createRaw(path, size);
    }
  }

  private static void copy(
      dev.caisson.disk.Disk source,
      dev.caisson.disk.Disk target,
      long start,
      long length,
      int block) {
    var buffer = PageBuffer.allocate(Math.max(block, 1 << 20));
    for (long at = 0; at < length; ) {
      int count = (int) Math.min(buffer.capacity(), length - at);
      source.read(start + at, buffer.clear().limit(count));
      target.write(at, buffer.flip());
      at += count;
    }
  }
}
