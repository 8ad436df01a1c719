/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.cli.words.Words;
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

@Command(name = "bench", description = "Time many requests of one size")
final class BenchDisk extends DiskCommand {
  /** More wait for each other than work. */
  private static final int MOST_THREADS = 16;

  private final SourceOptions source = new SourceOptions();
  private int count = 75000;
  private int depth = 64;
  private String size = "4k";
  private String step = "";
  private String offset = "0";
  private boolean writing;
  private int pattern;
  private int flushInterval;
  private String cache = "writeback";
  private boolean undrained;
  private boolean nativeEngine;
  private String engine = "threads";

  @Override
  void declare(Words words) {
    words.number("NUMBER", "how many requests", value -> count = value, "-c");
    words.number("NUMBER", "how many at once", value -> depth = value, "-d");
    words.value("SIZE", "bytes in each", value -> size = value, "-s");
    words.value("SIZE", "distance of neighbours; default: the size", value -> step = value, "-S");
    words.value("OFFSET", "where to begin", value -> offset = value, "-o");
    words.flag("write instead of reading", () -> writing = true, "-w");
    words.number("BYTE", "the byte to write, 0 to 255", value -> pattern = value, "--pattern");
    words.number(
        "NUMBER",
        "flush after so many writes; 0 for never",
        value -> flushInterval = value,
        "--flush-interval");
    words.value("MODE", "cache mode", value -> cache = value, "-t");
    words.flag("accepted: writes never wait for a flush", () -> undrained = true, "--no-drain");
    words.flag("accepted, as -i native", () -> nativeEngine = true, "-n");
    words.value("ENGINE", "accepted: always threads", value -> engine = value, "-i");
    source.declare(words);
  }

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
    try (var disk = open(source.file(), options())) {
      refuse(
          bytes > disk.size(),
          "%s: has %d bytes, too few for requests of %d; take a smaller -s"
              .formatted(source.file(), disk.size(), bytes));
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
    return reading(source).withWritable(writing).withSyncing(syncing(cache));
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
