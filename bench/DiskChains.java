/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.chain.MergedChain;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.file.DiskOptions;
import dev.caisson.disk.qcow2.Qcow2Disk;
import dev.caisson.disk.storage.HostFiles;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;

/** Chains of based files, for bench/disk: makes them, reads them at random, makes children. */
public final class DiskChains {
  private static final int SIZE = 512 << 20;
  private static final int CLUSTER = 1 << 16;
  private static final int BARE_READS = 20_000;

  private DiskChains() {}

  /** {@code make FOLDER DEPTH}, {@code read MILLISECONDS ROUNDS TOP...} or {@code child BASE COUNT}. */
  public static void main(String[] words) throws Exception {
    switch (words[0]) {
      case "make" -> make(Path.of(words[1]), Integer.parseInt(words[2]));
      case "read" ->
          read(
              Integer.parseInt(words[1]),
              Integer.parseInt(words[2]),
              Arrays.stream(words).skip(3).map(Path::of).toList());
      case "child" -> child(Path.of(words[1]), Integer.parseInt(words[2]));
      default -> throw new IllegalArgumentException(words[0]);
    }
  }

  /** Every cluster has its bytes in one of the files, chosen at random; 0.raw is the lowest. */
  private static void make(Path folder, int depth) throws Exception {
    var random = new Random(depth);
    int clusters = SIZE / CLUSTER;
    var owner = new int[clusters];
    Arrays.setAll(owner, i -> random.nextInt(depth + 1));
    var bytes = new byte[CLUSTER];
    Path below = folder.resolve("0.raw");
    DiskFiles.createRaw(below, SIZE);
    for (int layer = 0; layer <= depth; layer++) {
      Path path = layer == 0 ? below : folder.resolve(layer == depth ? "top.qcow2" : layer + ".qcow2");
      if (layer > 0) {
        DiskFiles.createChild(
            path, below.getFileName().toString(), layer == 1 ? DiskFormat.RAW : DiskFormat.QCOW2);
      }
      var options =
          DiskOptions.WRITE.withFormat(layer == 0 ? DiskFormat.RAW : DiskFormat.QCOW2).withAlone(true);
      try (var disk = DiskFiles.open(path, options.withSyncing(false))) {
        for (int i = 0; i < clusters; i++) {
          if (owner[i] == layer) {
            random.nextBytes(bytes);
            disk.write((long) i * CLUSTER, bytes);
          }
        }
      }
      below = path;
    }
  }

  /**
   * Random reads of 4 KiB by one thread, the chains in turn. A line for each: reads a second,
   * nanoseconds of processor time a read, both beside the first chain's of the same round (medians
   * of the rounds' ratios), the same for the processor time of reading the chain's files with
   * nothing between them and the kernel, KiB of heap, KiB of index.
   */
  private static void read(int milliseconds, int rounds, List<Path> tops) throws Exception {
    List<Disk> disks = new ArrayList<>();
    List<Long> heaps = new ArrayList<>();
    long before = heap();
    for (Path top : tops) {
      disks.add(DiskFiles.open(top, DiskOptions.READ));
      touchAll(disks.getLast()); // builds the whole index
      long after = heap();
      heaps.add(after - before);
      before = after;
    }
    for (Disk disk : disks) {
      rate(disk, 1500); // the JIT compiler's turn
    }
    List<List<HostFiles.HostFile>> files = new ArrayList<>();
    for (Path top : tops) {
      files.add(files(top.toAbsolutePath().getParent()));
    }
    var rates = new Rate[tops.size()][rounds];
    var bare = new double[tops.size()][rounds];
    for (int round = 0; round < rounds; round++) {
      for (int i = 0; i < tops.size(); i++) {
        int turn = (i + round) % tops.size(); // nobody always comes after the same one
        rates[turn][round] = rate(disks.get(turn), milliseconds);
        bare[turn][round] = bareNanos(files.get(turn), round);
      }
    }
    for (int i = 0; i < tops.size(); i++) {
      Rate[] mine = rates[i];
      Rate[] first = rates[0];
      double[] beside = bare[i];
      double[] alone = bare[0];
      System.out.printf(
          "%.0f %.0f %.3f %.3f %.3f %d %d%n",
          median(rounds, round -> mine[round].perSecond),
          median(rounds, round -> mine[round].processorNanos),
          median(rounds, round -> mine[round].perSecond / first[round].perSecond),
          median(rounds, round -> mine[round].processorNanos / first[round].processorNanos),
          median(rounds, round -> beside[round] / alone[round]),
          heaps.get(i) >> 10,
          index(disks.get(i)) >> 10);
    }
  }

  private static List<HostFiles.HostFile> files(Path folder) throws Exception {
    try (var names = Files.list(folder)) {
      return names
          .map(file -> HostFiles.installed().orElseThrow().open(file, false).orElseThrow())
          .toList();
    }
  }

  /** What the kernel asks for a read when there are so many files, whoever reads. */
  private static double bareNanos(List<HostFiles.HostFile> files, int seed) {
    var random = new Random(seed);
    var buffer = ByteBuffer.allocateDirect(8192).alignedSlice(4096);
    int pages = SIZE / 4096 / files.size() * 9 / 10; // no file is much shorter than the mean
    long start = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    int count = 0;
    for (int i = 0; i < BARE_READS; i++) {
      var file = files.get(random.nextInt(files.size()));
      count += file.fill(random.nextInt(pages) * 4096L, buffer.clear().limit(4096)) ? 1 : 0;
    }
    return (ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - start) / (double) count;
  }

  private static void touchAll(Disk disk) {
    for (long at = 0; at < SIZE; at += CLUSTER) {
      disk.read(at, 512);
    }
  }

  private static double median(int count, IntToDoubleFunction value) {
    return IntStream.range(0, count).mapToDouble(value).sorted().toArray()[count / 2];
  }

  private static long index(Disk disk) {
    return disk instanceof Qcow2Disk image && image.base().orElse(null) instanceof MergedChain chain
        ? chain.indexBytes()
        : 0;
  }

  private static long heap() throws InterruptedException {
    System.gc();
    Thread.sleep(50);
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }

  private record Rate(double perSecond, double processorNanos) {}

  private static Rate rate(Disk disk, int milliseconds) {
    var clock = ManagementFactory.getThreadMXBean();
    var random = new Random(1);
    var buffer = ByteBuffer.allocateDirect(8192).alignedSlice(4096);
    long processor = clock.getCurrentThreadCpuTime();
    long start = System.nanoTime();
    long end = start + milliseconds * 1_000_000L;
    long count = 0;
    while (System.nanoTime() < end) {
      for (int i = 0; i < 64; i++) {
        disk.read((long) random.nextInt(SIZE / 4096) * 4096, buffer.clear().limit(4096));
      }
      count += 64;
    }
    double nanos = System.nanoTime() - start;
    return new Rate(
        count * 1e9 / nanos, (clock.getCurrentThreadCpuTime() - processor) / (double) count);
  }

  /** Median microseconds to make a child of a raw base. */
  private static void child(Path base, int count) throws Exception {
    var times = new long[count];
    for (int i = 0; i < count; i++) {
      Path child = base.resolveSibling("child" + i);
      long start = System.nanoTime();
      DiskFiles.createChild(child, base.getFileName().toString(), DiskFormat.RAW);
      times[i] = System.nanoTime() - start;
      Files.delete(child);
    }
    var late = Arrays.copyOfRange(times, count / 2, count);
    Arrays.sort(late);
    System.out.println(late[late.length / 2] / 1000);
  }
}
