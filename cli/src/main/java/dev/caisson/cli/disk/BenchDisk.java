/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.storage.PageBuffer;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(name = "bench", description = "Time many requests of one size")
final class BenchDisk extends DiskCommand {
  /** More wait for each other than work. */
  private static final int MOST_THREADS = 16;

  @Option(
      names = "-f",
      defaultValue = "",
      paramLabel = "FORMAT",
      description = "the format, instead of looking")
  String format = "";

  @Option(
      names = "-c",
      defaultValue = "75000",
      paramLabel = "NUMBER",
      description = "how many requests")
  int count;

  @Option(
      names = "-d",
      defaultValue = "64",
      paramLabel = "NUMBER",
      description = "how many at once")
  int depth;

  @Option(names = "-s", defaultValue = "4k", paramLabel = "SIZE", description = "bytes in each")
  String size = "4k";

  @Option(
      names = "-S",
      defaultValue = "",
      paramLabel = "SIZE",
      description = "distance of neighbours; default: the size")
  String step = "";

  @Option(names = "-o", defaultValue = "0", paramLabel = "OFFSET", description = "where to begin")
  String offset = "0";

  @Option(names = "-w", description = "write instead of reading")
  boolean writing;

  @Option(
      names = "--pattern",
      defaultValue = "0",
      paramLabel = "BYTE",
      description = "the byte to write, 0 to 255")
  int pattern;

  @Option(
      names = "--flush-interval",
      defaultValue = "0",
      paramLabel = "NUMBER",
      description = "flush after so many writes; 0 for never")
  int flushInterval;

  @Option(names = "-t", defaultValue = "writeback", paramLabel = "MODE", description = "cache mode")
  String cache = "writeback";

  @Option(names = "--no-drain", description = "accepted: writes never wait for a flush")
  boolean undrained;

  @Option(names = "-n", description = "accepted, as -i native")
  boolean nativeEngine;

  @Option(
      names = "-i",
      defaultValue = "threads",
      paramLabel = "ENGINE",
      description = "accepted: always threads")
  String engine = "threads";

  @Option(
      names = {"-U", "--force-share"},
      description = "even while somebody writes to it")
  boolean unlocked;

  @Parameters(index = "0", paramLabel = "FILE", description = "the disk")
  String file = "";

  @Override
  int run() {
    refuse(pattern < 0 || pattern > 255, "--pattern is a byte: 0 to 255");
    refuse(flushInterval > 0 && !writing, "--flush-interval goes with writes: -w");
    refuse(count < 1, "-c is how many requests, 1 or more, not " + count);
    refuse(depth < 1, "-d is how many at once, 1 or more, not " + depth);
    long wanted = ByteCount.parse(size);
    refuse(wanted < 1 || wanted > 1 << 30, "-s is 1 byte to 1G, not " + size);
    int bytes = (int) wanted;
    long distance = step.isEmpty() ? bytes : ByteCount.parse(step);
    try (var disk = open(file, options())) {
      refuse(
          bytes > disk.size(),
          "%s: has %d bytes, too few for requests of %d; take a smaller -s"
              .formatted(file, disk.size(), bytes));
      say(
          "Sending %d %s requests, %d bytes each, %d in parallel (starting at offset %s, step size %d)"
              .formatted(count, writing ? "write" : "read", bytes, depth, offset, distance));
      long start = System.nanoTime();
      drive(disk, bytes, distance, ByteCount.parse(offset));
      say("Run completed in %.3f seconds.".formatted((System.nanoTime() - start) / 1e9));
    }
    return 0;
  }

  private DiskOptions options() {
    return reading(format, unlocked).withWritable(writing).withSyncing(syncing(cache));
  }

  private void drive(Disk disk, int bytes, long distance, long first) {
    int threads = Math.min(Math.min(depth, count), MOST_THREADS);
    var next = new AtomicLong();
    List<Future<?>> running = new ArrayList<>();
    try (var pool = Executors.newFixedThreadPool(threads)) {
      for (int i = 0; i < threads; i++) {
        running.add(pool.submit(() -> work(disk, bytes, distance, first, next)));
      }
    }
    for (var worker : running) {
      try {
        worker.get();
      } catch (ExecutionException failure) {
        throw failure.getCause() instanceof DiskException told
            ? told
            : new IllegalStateException(failure.getCause());
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        throw new DiskException(DiskException.Kind.IO, "the run was interrupted", stopped);
      }
    }
  }

  private void work(Disk disk, int bytes, long distance, long first, AtomicLong next) {
    long room = Math.max(1, disk.size() - bytes);
    var buffer = PageBuffer.allocate(bytes);
    MemorySegment.ofBuffer(buffer).fill((byte) pattern);
    for (long n = next.getAndIncrement(); n < count; n = next.getAndIncrement()) {
      long at = (first + n * distance) % room;
      if (!writing) {
        disk.read(at, buffer.clear());
        continue;
      }
      disk.write(at, buffer.clear());
      if (flushInterval > 0 && (n + 1) % flushInterval == 0) {
        disk.flush();
      }
    }
  }
}
