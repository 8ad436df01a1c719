/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.Isolations;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Times whole runs of /bin/true, alternating with runc. */
final class ContainerStart {
  private static final int WARM_UP = Integer.getInteger("warmup", 300);

  public static void main(String[] arguments) throws Exception {
    int rounds = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 200;
    Path directory = Files.createTempDirectory("caisson-bench");
    Path memory = Files.createTempDirectory(Path.of("/dev/shm"), "caisson-bench");
    try {
      new ContainerStart(directory, memory).measure(rounds);
    } finally {
      new ProcessBuilder("rm", "-rf", "--one-file-system", directory.toString(), memory.toString())
          .start()
          .waitFor();
    }
  }

  private final Path directory;
  private final Path memory; // run directories are on tmpfs, as /run is
  private final Isolation isolation = Isolations.named("container").orElseThrow();
  private final RootFilesystem.Layers root;
  private int count;

  private ContainerStart(Path directory, Path memory) throws IOException {
    this.directory = directory;
    this.memory = memory;
    Path layer = directory.resolve("layer");
    for (String name : List.of("bin", "etc", "proc", "sys", "dev")) {
      Files.createDirectories(layer.resolve(name));
    }
    Files.copy(Path.of("/bin/busybox"), layer.resolve("bin/true"));
    Files.writeString(layer.resolve("etc/passwd"), "root:x:0:0:root:/root:/bin/sh\n");
    root = new RootFilesystem.Layers(List.of(new RootFilesystem.Layer("l", layer)), 0, false, Boolean.getBoolean("durable"));
  }

  private void measure(int rounds) throws Exception {
    List<long[]> ours = new ArrayList<>();
    List<long[]> theirs = new ArrayList<>();
    for (int i = 0; i < WARM_UP; i++) {
      run();
    }
    boolean runc = !Boolean.getBoolean("alone") && prepareBundle();
    double ourCpu = 0;
    double theirCpu = 0;
    for (int block = 0; block * 20 < rounds; block++) {
      double before = cpuMillis();
      for (int i = 0; i < 20; i++) {
        ours.add(run());
      }
      double between = cpuMillis();
      for (int i = 0; runc && i < 5; i++) {
        theirs.add(new long[] {runc(), unshare()});
      }
      ourCpu += between - before;
      theirCpu += cpuMillis() - between;
    }
    System.out.printf(
        "processor time a run: ours %.2f ms, runc and unshare %.2f ms%n",
        ourCpu / ours.size(), theirCpu / Math.max(1, theirs.size()));
    print("created", ours, 0);
    print("started", ours, 1);
    print("exited", ours, 2);
    print("deleted (the whole)", ours, 3);
    if (runc) {
      print("runc run", theirs, 0);
      print("unshare -mpfuin true", theirs, 1);
      System.out.printf("ratio of medians: 1/%.1f%n", median(theirs, 0) / median(ours, 3));
    }
  }

  private long[] run() throws Exception {
    String id = "bench" + ProcessHandle.current().pid() + "-" + count++;
    Path place = directory.resolve(id);
    Files.createDirectories(place.resolve("s"));
    Path run = Files.createDirectories(memory.resolve(id));
    Workload workload =
        Workload.builder(id, root).process(Program.of("/bin/true").build()).build();
    long start = System.nanoTime();
    Sandbox sandbox =
        isolation.create(workload, new Place(place.resolve("s"), run));
    long created = System.nanoTime();
    sandbox.start();
    long started = System.nanoTime();
    int code = sandbox.exit().join().code();
    long exited = System.nanoTime();
    sandbox.delete();
    long deleted = System.nanoTime();
    if (code != 0) {
      throw new IllegalStateException("exit code " + code);
    }
    return new long[] {created - start, started - start, exited - start, deleted - start};
  }

  private boolean prepareBundle() throws Exception {
    Path bundle = Files.createDirectories(directory.resolve("bundle/rootfs"));
    new ProcessBuilder("cp", "-a", directory.resolve("layer") + "/.", bundle.toString())
        .start()
        .waitFor();
    try {
      new ProcessBuilder("runc", "spec")
          .directory(directory.resolve("bundle").toFile())
          .start()
          .waitFor();
    } catch (IOException absent) {
      System.out.println("runc is not installed: measured alone");
      return false;
    }
    Path config = directory.resolve("bundle/config.json");
    Files.writeString(
        config,
        Files.readString(config)
            .replace("\"terminal\": true", "\"terminal\": false")
            .replace("\"sh\"", "\"/bin/true\""));
    return true;
  }

  private long runc() throws Exception {
    long start = System.nanoTime();
    Process process =
        new ProcessBuilder("runc", "run", "bench" + count++)
            .directory(directory.resolve("bundle").toFile())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IllegalStateException("runc: " + output);
    }
    return System.nanoTime() - start;
  }

  /** User and system time of this process and all it waited for, in ticks of 10 ms. proc(5) */
  private static double cpuMillis() throws IOException {
    String[] fields = Files.readString(Path.of("/proc/self/stat")).split("\\) ")[1].split(" ");
    long ticks = 0;
    for (int field = 11; field <= 14; field++) {
      ticks += Long.parseLong(fields[field]);
    }
    return ticks * 10.0;
  }

  /** The floor: new namespaces and nothing else. */
  private long unshare() throws Exception {
    long start = System.nanoTime();
    new ProcessBuilder("unshare", "-mpfuin", "/bin/true").start().waitFor();
    return System.nanoTime() - start;
  }

  private static double median(List<long[]> samples, int column) {
    long[] sorted = samples.stream().mapToLong(sample -> sample[column]).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  private static void print(String name, List<long[]> samples, int column) {
    long[] sorted = samples.stream().mapToLong(sample -> sample[column]).sorted().toArray();
    System.out.printf(
        "%-20s median %6.2f ms   p90 %6.2f ms   (n=%d)%n",
        name,
        sorted[sorted.length / 2] / 1e6,
        sorted[Math.min(sorted.length - 1, sorted.length * 9 / 10)] / 1e6,
        sorted.length);
  }
}
