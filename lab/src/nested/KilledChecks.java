/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.EngineOptions;
import dev.caisson.engine.Filters;
import dev.caisson.engine.ProgressListener;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.view.Status;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** An engine that is killed with -9 while it keeps one of its machines, and a disk too small for that. */
final class KilledChecks {
  private static final int PATIENCE_SECONDS = 240;
  private static final int VOLUME = 100 << 20;

  private KilledChecks() {}

  /** The victim: two machines, one of which is kept again and again. */
  public static void main(String[] places) throws Exception {
    try (Engine engine = Engine.open(EngineOptions.at(Path.of(places[0]), Path.of(places[1])))) {
      engine.images().buildBase("busybox", Optional.empty(), ProgressListener.SILENT);
      for (InstanceSpec spec : List.of(machine("kept"), again())) {
        engine.containers().create(spec);
        engine.containers().start(spec.name().orElseThrow());
      }
      System.out.println("READY");
      for (int i = 0; ; i++) {
        engine.snapshots().create("kept", "number" + i, true);
        engine.snapshots().remove("number" + i);
      }
    }
  }

  private static InstanceSpec machine(String name) {
    return VerbChecks.thin(name, "sleep", "100000");
  }

  private static InstanceSpec again() {
    return machine("again").toBuilder().restartPolicy(RestartPolicy.parse("always")).build();
  }

  /** Nothing half-made is left; the machines ended with their engine, which the next one says. */
  static void run() throws Exception {
    Path root = VerbChecks.root();
    Path run = root.resolveSibling("run");
    killedWhileSaving(root, run);
    System.out.println("killed: the engine, while it kept a machine");
    try (Engine engine = Engine.open(EngineOptions.at(root, run))) {
      NestedCheck.same("[]", names(root.resolve("snapshots")).toString());
      NestedCheck.same("[]", engine.snapshots().list(Filters.none()).toString());
      var kept = engine.containers().inspect("kept", false).state();
      NestedCheck.same("exited 137", kept.status() + " " + kept.exitCode());
      await("the one with restart=always runs again", () -> runs(engine, "again"));
      NestedCheck.same("back", VerbChecks.tell(engine, "again", "echo back"));
      engine.containers().kill("again", "KILL");
      engine.containers().start("kept");
      fullDisk(engine, root.resolve("snapshots"));
      engine.snapshots().create("kept", "whole", true);
      NestedCheck.same("[whole]", names(root.resolve("snapshots")).toString());
      NestedCheck.same("on", VerbChecks.tell(engine, "kept", "echo on"));
      engine.containers().remove("again", true, true);
    }
    closed(root, run);
  }

  /** An engine that was closed with a machine running has taken it along, though this process goes on. */
  private static void closed(Path root, Path run) {
    List<String> left =
        Thread.getAllStackTraces().keySet().stream()
            .map(Thread::getName)
            .filter(name -> name.contains(" vCPU "))
            .toList();
    NestedCheck.same("[]", left.toString());
    try (Engine engine = Engine.open(EngineOptions.at(root, run))) {
      var kept = engine.containers().inspect("kept", false).state();
      NestedCheck.same("exited 137", kept.status() + " " + kept.exitCode());
      engine.containers().remove("kept", true, true);
    }
  }

  private static void killedWhileSaving(Path root, Path run) throws Exception {
    Path said = root.resolveSibling("said");
    Process victim =
        new ProcessBuilder(
                "/bin/sh", "/lab/java", "KilledChecks", root.toString(), run.toString())
            .redirectOutput(said.toFile())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    Path memory = root.resolve("snapshots/.number0.unfinished/sandbox/machine.unfinished/memory");
    await(
        "the victim writes a machine's memory",
        () -> !victim.isAlive() || Files.exists(memory) && memory.toFile().length() > 1 << 20);
    if (!victim.isAlive()) {
      throw new AssertionError("the victim ended by itself: " + Files.readString(said));
    }
    victim.destroyForcibly();
    if (!victim.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new AssertionError("the victim lives");
    }
    NestedCheck.same("[.number0.unfinished]", names(root.resolve("snapshots")).toString());
  }

  /** Room for the memory, which is asked for first, but not for the volume behind it. */
  private static void fullDisk(Engine engine, Path snapshots) throws Exception {
    Path volume =
        Path.of(engine.containers().inspect("kept", false).mounts().getFirst().source());
    Files.write(volume.resolve("large"), new byte[VOLUME]);
    busybox("mount", "-t", "tmpfs", "-o", "size=100m", "small", snapshots.toString());
    try {
      engine.snapshots().create("kept", "large", true);
      throw new AssertionError("it fitted");
    } catch (EngineException e) {
      System.out.println("killed: " + e.getMessage());
      if (!e.getMessage().contains("no space or no inodes left")) {
        throw e;
      }
      NestedCheck.same("[]", names(snapshots).toString());
      NestedCheck.same("on", VerbChecks.tell(engine, "kept", "echo on"));
    } finally {
      busybox("umount", snapshots.toString());
    }
    Files.delete(volume.resolve("large"));
  }

  private static void busybox(String... words) throws Exception {
    var command = Stream.concat(Stream.of("/bin/busybox"), Stream.of(words)).toList();
    int code = new ProcessBuilder(command).inheritIO().start().waitFor();
    if (code != 0) {
      throw new AssertionError(command + ": " + code);
    }
  }

  private static boolean runs(Engine engine, String name) {
    return engine.containers().inspect(name, false).state().status() == Status.RUNNING;
  }

  private static List<String> names(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }

  private static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        throw new AssertionError("never: " + what);
      }
      Thread.sleep(5);
    }
  }
}
