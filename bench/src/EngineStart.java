/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.engine.Containers;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineOptions;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/**
 * The engine's own calls, in one warm JVM: from create to the exit and the removal of /bin/true,
 * with everything Docker sets up, beside runc (no image, no network), unshare, and the same kernel
 * work without an engine, in turn. Then many idle containers.
 */
final class EngineStart {
  private static final int WARM_UP = Integer.getInteger("warmup", 150);
  private static final int BLOCK = 10;
  private static final int AT_ONCE = 4;
  private static final int STEP = 250;
  private static final boolean LEGACY_GROUPS = Files.isDirectory(Path.of("/sys/fs/cgroup/memory"));

  private final Path directory;
  private final Containers containers;
  private int count;

  private EngineStart(Path directory, Containers containers) {
    this.directory = directory;
    this.containers = containers;
  }

  public static void main(String[] arguments) throws Exception {
    int rounds = Integer.parseInt(arguments[0]);
    int idle = Integer.parseInt(arguments[1]);
    Path directory = Path.of(arguments[2]);
    try (Engine engine = Engine.open(EngineOptions.at(directory.resolve("root"), Path.of(arguments[3])))) {
      engine.images().buildBase("busybox", Optional.empty(), progress -> {});
      EngineStart bench = new EngineStart(directory, engine.containers());
      bench.runs(rounds);
      if (idle > 0) {
        bench.idle(idle);
      }
    }
  }

  private void runs(int rounds) throws Exception {
    bundle();
    for (int i = 0; i < WARM_UP; i++) {
      run(i % 2 == 0 ? "bridge" : "none");
    }
    List<Long> network = new ArrayList<>();
    List<Long> without = new ArrayList<>();
    List<Long> runc = new ArrayList<>();
    List<Long> unshare = new ArrayList<>();
    List<Long> floor = new ArrayList<>();
    List<Long> groups = new ArrayList<>();
    double[] cpu = new double[6];
    for (int done = 0; done < rounds; done += BLOCK) {
      cpu[0] += block(network, () -> run("bridge"));
      cpu[1] += block(without, () -> run("none"));
      cpu[2] += block(runc, this::runc);
      cpu[3] += block(unshare, () -> program("unshare", "-mpfuin", "/bin/true"));
      cpu[4] += block(floor, () -> floor(""));
      if (LEGACY_GROUPS) { // the program knows no others
        cpu[5] += block(groups, () -> floor("floor" + ProcessHandle.current().pid()));
      }
    }
    double peer = median(runc);
    print("with network, NAT, name", network, cpu[0], peer, "1/4");
    print("without network", without, cpu[1], peer, "1/6");
    print("runc run", runc, cpu[2], peer, "");
    print("unshare -mpfuin (floor)", unshare, cpu[3], peer, "");
    print("all of it in C, no groups", floor, cpu[4], peer, "");
    if (LEGACY_GROUPS) {
      print("  and control groups", groups, cpu[5], peer, "");
    }
  }

  private interface Run {
    void run() throws Exception;
  }

  /** Times a run each and answers the processor time of all. */
  private static double block(List<Long> into, Run run) throws Exception {
    double before = processorMillis();
    for (int i = 0; i < BLOCK; i++) {
      long start = System.nanoTime();
      run.run();
      into.add(System.nanoTime() - start);
    }
    return processorMillis() - before;
  }

  private void run(String network) {
    var spec =
        InstanceSpec.of("busybox")
            .networking(NetworkingSpec.of(network))
            .command("/bin/true")
            .autoRemove(true)
            .build();
    String id = containers.create(spec).id();
    var over = containers.exit(id, WaitCondition.REMOVED);
    containers.start(id);
    int code = over.join().code();
    if (code != 0) {
      throw new IllegalStateException("exit code " + code);
    }
  }

  private void bundle() throws Exception {
    Path bin = Files.createDirectories(directory.resolve("bundle/rootfs/bin"));
    Files.copy(Path.of("/bin/busybox"), bin.resolve("true"));
    for (String name : List.of("proc", "sys", "dev", "etc")) {
      Files.createDirectories(bin.resolveSibling(name));
    }
    for (String name : List.of("hosts", "hostname", "resolv.conf")) {
      Files.createFile(bin.resolveSibling("etc").resolve(name));
    }
    program("runc", "spec", "--bundle", directory.resolve("bundle").toString());
    Path config = directory.resolve("bundle/config.json");
    Files.writeString(
        config,
        Files.readString(config)
            .replace("\"terminal\": true", "\"terminal\": false")
            .replace("\"sh\"", "\"/bin/true\""));
  }

  private void runc() throws Exception {
    String name = "start" + ProcessHandle.current().pid() + "-" + count++;
    program("runc", "run", "--bundle", directory.resolve("bundle").toString(), name);
  }

  /** The same kernel work as a container without network, by a program that does nothing else. */
  private void floor(String groups) throws Exception {
    program(
        directory.resolve("container-floor").toString(),
        directory.resolve("bundle/rootfs").toString(),
        directory.resolve("floor").toString(),
        groups,
        "/bin/true");
  }

  private static void program(String... words) throws Exception {
    Process process =
        new ProcessBuilder(words)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (process.waitFor() != 0) {
      throw new IllegalStateException(String.join(" ", words) + ": " + process.exitValue());
    }
  }

  private void idle(int many) throws Exception {
    List<String> ids = new ArrayList<>();
    var spec = InstanceSpec.of("busybox").command("sleep", "100000").build();
    long start = System.nanoTime();
    for (int done = 0; done < many; done += STEP) {
      long from = System.nanoTime();
      int these = Math.min(STEP, many - done);
      all(these, i -> {
        String id = containers.create(spec).id();
        containers.start(id);
        synchronized (ids) {
          ids.add(id);
        }
      });
      rate("  of them beside " + done, these, from);
    }
    rate("idle containers with network started", many, start);
    System.out.printf(
        "memory, proportional: engine %d kB, %.1f kB a container for its monitor%n",
        pss(ProcessHandle.current().pid()), monitors() / (double) many);
    start = System.nanoTime();
    int listed = containers.list(true, 0, false, dev.caisson.engine.Filters.none()).size();
    System.out.printf("a list of %d: %.1f ms%n", listed, (System.nanoTime() - start) / 1e6);
    start = System.nanoTime();
    all(many, i -> containers.remove(ids.get(i), true, true));
    rate("stopped and removed", many, start);
  }

  private interface Task {
    void run(int number);
  }

  private static void all(int many, Task task) throws InterruptedException {
    var places = new Semaphore(AT_ONCE);
    try (var threads = Executors.newFixedThreadPool(AT_ONCE)) {
      for (int i = 0; i < many; i++) {
        int number = i;
        places.acquire();
        threads.execute(() -> {
          try {
            task.run(number);
          } catch (RuntimeException failed) {
            System.out.println("failed: " + failed.getMessage());
          } finally {
            places.release();
          }
        });
      }
    }
  }

  private static void rate(String what, int many, long start) {
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf("%d %s in %.1f s: %.0f/s%n", many, what, seconds, many / seconds);
  }

  private static long monitors() {
    return ProcessHandle.current()
        .children()
        .mapToLong(child -> pss(child.pid()))
        .sum();
  }

  private static long pss(long pid) {
    try {
      return Files.readAllLines(Path.of("/proc/" + pid + "/smaps_rollup")).stream()
          .filter(line -> line.startsWith("Pss:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
          .sum();
    } catch (IOException gone) {
      return 0;
    }
  }

  /** User and system time of this process and all it waited for, in ticks of 10 ms. proc(5) */
  private static double processorMillis() throws IOException {
    String[] fields = Files.readString(Path.of("/proc/self/stat")).split("\\) ")[1].split(" ");
    long ticks = 0;
    for (int field = 11; field <= 14; field++) {
      ticks += Long.parseLong(fields[field]);
    }
    return ticks * 10.0;
  }

  private static double median(List<Long> samples) {
    return samples.stream().sorted().skip(samples.size() / 2).findFirst().orElseThrow() / 1e6;
  }

  private static void print(String name, List<Long> samples, double cpu, double peer, String goal) {
    double median = median(samples);
    System.out.printf(
        "%-26s median %7.2f ms   p10 %7.2f ms   processor %6.2f ms   1/%.1f of runc%s%n",
        name,
        median,
        samples.stream().sorted().skip(samples.size() / 10).findFirst().orElseThrow() / 1e6,
        cpu / samples.size(),
        peer / median,
        goal.isEmpty() ? "" : "   (goal " + goal + ")");
  }
}
