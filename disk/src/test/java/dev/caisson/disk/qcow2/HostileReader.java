/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.qcow2.check.Repair;
import java.nio.file.Path;
import java.time.Duration;

/** Does with each image what a careless user would, in a small heap; prints one line for each. */
final class HostileReader {
  private HostileReader() {}

  public static void main(String[] words) {
    use(Path.of(words[0])); // class loading is nobody's attack
    for (String word : words) {
      long start = spent();
      String ended = use(Path.of(word));
      System.out.printf("%d ms: %s: %s%n", spent() - start, Path.of(word).getFileName(), ended);
    }
    System.out.println("all survived");
  }

  /** Processor time of this process so far, in milliseconds: others may be running too. */
  private static long spent() {
    return ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO).toMillis();
  }

  private static String use(Path path) {
    try (var disk = DiskFiles.open(path, DiskOptions.UNTRUSTED)) {
      return read(disk);
    } catch (DiskException told) {
      return told.kind() + " " + told.getMessage();
    }
  }

  private static String read(Disk disk) {
    var ended = new StringBuilder("opened");
    for (Runnable attempt : attempts(disk)) {
      try {
        attempt.run();
      } catch (DiskException told) {
        ended.append(", ").append(told.kind());
      }
    }
    return ended.toString();
  }

  private static Runnable[] attempts(Disk disk) {
    var image = (Qcow2Disk) disk;
    return new Runnable[] {
      () -> disk.read(0, (int) Math.min(disk.size(), 300_000)),
      () -> disk.extent(0, disk.size()),
      image::info,
      image::snapshots,
      image::dirtyBitmaps,
      () -> image.openSnapshot("1").read(0, 512),
      () -> image.check(Repair.Extent.NONE)
    };
  }
}
