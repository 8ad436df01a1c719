/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.qcow2.Qcow2Format;
import dev.caisson.disk.storage.PageBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;

@Command(name = "dd", description = "Copy blocks: if=SOURCE of=TARGET [bs=] [count=] [skip=]")
final class DdDisk extends DiskCommand {
  private String format = "";
  private String targetFormat = "raw";
  private boolean unlocked;
  private String[] operands = {};

  @Override
  void declare(Words words) {
    words.value("FORMAT", "format of the source", value -> format = value, "-f");
    words.value("FORMAT", "format of the target", value -> targetFormat = value, "-O");
    words.flag("even while somebody writes", () -> unlocked = true, "-U", "--force-share");
    words.arguments(
        "NAME=VALUE",
        "if=, of=, bs=, count=, skip=",
        0,
        value -> operands = Words.appended(operands, value));
  }

  @Override
  int run() {
    Map<String, String> given = KeyValueList.parse(String.join(",", operands));
    for (String name : given.keySet()) {
      if (!List.of("if", "of", "bs", "count", "skip").contains(name)) {
        throw new DiskException(
            DiskException.Kind.UNSUPPORTED,
            "dd has no operand '%s'; have if, of, bs, count, skip".formatted(name));
      }
    }
    String from = given.getOrDefault("if", "");
    String to = given.getOrDefault("of", "");
    if (from.isEmpty() || to.isEmpty()) {
      throw new DiskException(DiskException.Kind.OUT_OF_RANGE, "dd needs if= and of=");
    }
    long block = ByteCount.parse(given.getOrDefault("bs", "512"));
    if (block < 1 || block > Integer.MAX_VALUE) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE, "bs= is 1 byte to 2 GiB less one, not " + block);
    }
    try (var source = open(from, reading(format, unlocked))) {
      long skipped = blocks(given, "skip", 0, block);
      if (skipped > source.size()) {
        err().println("caisson: " + from + ": cannot skip to specified offset");
      }
      long start = Math.min(source.size(), skipped);
      long length =
          Math.min(source.size() - start, blocks(given, "count", Long.MAX_VALUE / block, block));
      create(path(to), length);
      try (var target = DiskFiles.open(path(to), writing())) {
        copy(source, target, start, length);
      }
    }
    return 0;
  }

  /** Bytes of so many blocks; what no number can tell is more than any disk has. */
  private static long blocks(Map<String, String> given, String name, long otherwise, long block) {
    String text = given.get(name);
    long count = text == null ? otherwise : ByteCount.parse(text);
    return count > Long.MAX_VALUE / block ? Long.MAX_VALUE : count * block;
  }

  private DiskOptions writing() {
    return DiskOptions.WRITE.withFormat(format(targetFormat)).withSyncing(false);
  }

  private void create(Path path, long size) {
    switch (format(targetFormat).orElseThrow()) {
      case QCOW2 -> DiskFiles.create(path, Qcow2Format.DEFAULT, size);
      case RAW -> DiskFiles.createRaw(path, size);
      default ->
          throw new DiskException(
              DiskException.Kind.UNSUPPORTED,
              "only raw and qcow2 can be written, not " + targetFormat);
    }
  }

  private static void copy(Disk source, Disk target, long start, long length) {
    var buffer = PageBuffer.allocate(1 << 20);
    for (long at = 0; at < length; ) {
      int count = (int) Math.min(buffer.capacity(), length - at);
      source.read(start + at, buffer.clear().limit(count));
      target.write(at, buffer.flip());
      at += count;
    }
  }
}
