/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.alone.ProcessConsole;
import dev.caisson.cli.console.Console;
import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * What a JVM does while its AOT cache for disk commands is recorded: the usual commands once each,
 * in a folder that is empty before. Run by {@code packaging/install}.
 */
public final class DiskTraining {
  private static final long SIZE = 8 << 20;

  private DiskTraining() {}

  static void main(String[] words) {
    Console console = new ProcessConsole(Path.of(words[0]));
    DiskFiles.createRaw(console.directory().resolve("a.raw"), SIZE);
    try (Disk disk =
        DiskFiles.open(
            console.directory().resolve("a.raw"), DiskOptions.WRITE.withFormat(DiskFormat.RAW))) {
      disk.write(
          1 << 20, "some text, again and again; ".repeat(40_000).getBytes(StandardCharsets.UTF_8));
    }
    for (String line :
        new String[] {
          "create -f qcow2 b.qcow2 10G",
          "convert -f raw -O qcow2 a.raw a.qcow2",
          "convert -f qcow2 -O raw a.qcow2 b.raw",
          "convert -c -O qcow2 a.raw c.qcow2",
          "convert -c -o compression_type=zstd -O qcow2 a.raw d.qcow2",
          "create -f qcow2 -b a.qcow2 -F qcow2 child.qcow2",
          "info child.qcow2",
          "info --output=json a.qcow2",
          "check a.qcow2",
          "map --output=json child.qcow2",
          "compare a.raw a.qcow2",
          "resize child.qcow2 12M",
          "snapshot -c now a.qcow2",
          "snapshot -l a.qcow2",
          "bitmap --add a.qcow2 changes",
          "measure -O qcow2 a.raw",
          "bench -q -w -c 100 child.qcow2",
          "commit child.qcow2",
          "tree",
          "info absent",
          "info --help"
        }) {
      int _ = DiskMain.run(console, line.split(" "));
    }
    System.exit(0);
  }
}
