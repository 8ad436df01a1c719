/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;

/**
 * For each line it reads, runs {@code true} in a thin machine from nothing to its exit, and prints two numbers:
 * milliseconds, and milliseconds of processor time that the machine's own process took.
 * usage: ThinStart ROOT DIRECTORY
 */
final class ThinStart {
  private static final int CHILDREN_USER = 13; // behind the command's name; proc(5), /proc/PID/stat
  private static final int PATIENCE_SECONDS = 120;

  private ThinStart() {}

  public static void main(String[] words) throws Exception {
    Path work = Path.of(words[1]);
    Isolation thin =
        ServiceLoader.load(Isolation.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(isolation -> isolation.name().equals("thin"))
            .findFirst()
            .orElseThrow()
            .below(Path.of(words[0]));
    var root = new RootFilesystem.Layers(List.of(new RootFilesystem.Layer("busybox", image(work))), 0, false);
    try (var in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (int number = 0; in.readLine() != null; number++) {
        once(thin, root, work.resolve("run" + number));
      }
    }
  }

  private static Path image(Path work) throws IOException {
    Path layer = Files.createDirectories(work.resolve("layer"));
    for (String name : List.of("bin", "etc", "tmp", "proc", "sys", "dev")) {
      Files.createDirectories(layer.resolve(name));
    }
    Files.copy(Path.of("/bin/busybox"), layer.resolve("bin/busybox"));
    Files.createSymbolicLink(layer.resolve("bin/true"), Path.of("busybox"));
    return layer;
  }

  private static void once(Isolation thin, RootFilesystem root, Path place) throws Exception {
    var workload = Workload.builder("bench", root).process(Program.of("true").build()).build();
    Path state = Files.createDirectories(place.resolve("state"));
    Path run = Files.createDirectories(place.resolve("run"));
    long spent = childrenMillis();
    long begin = System.nanoTime();
    Sandbox sandbox = thin.create(workload, new Place(state, run));
    try {
      sandbox.start();
      int code = sandbox.exit().get(PATIENCE_SECONDS, TimeUnit.SECONDS).code();
      if (code != 0) {
        throw new IllegalStateException("it exited with " + code);
      }
    } finally {
      sandbox.delete();
    }
    long took = (System.nanoTime() - begin) / 1_000_000;
    System.out.println(took + " " + (childrenMillis() - spent));
  }

  /** Processor time of the processes this one has waited for. */
  private static long childrenMillis() throws IOException {
    String stat = Files.readString(Path.of("/proc/self/stat"));
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return 10 * (Long.parseLong(fields[CHILDREN_USER]) + Long.parseLong(fields[CHILDREN_USER + 1]));
  }
}
