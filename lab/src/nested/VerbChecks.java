/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.EngineOptions;
import dev.caisson.engine.Filters;
import dev.caisson.engine.ProgressListener;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.spec.CloneSpec;
import dev.caisson.engine.spec.ExecSpec;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.NetworkSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.ResourceSpec;
import dev.caisson.engine.spec.StorageSpec;
import dev.caisson.engine.view.Finding;
import dev.caisson.engine.view.SnapshotInfo;
import dev.caisson.engine.view.Status;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** The engine's verbs for snapshots, with Linux in the machines. */
final class VerbChecks {
  private static final String COUNTING =
      "i=0; while :; do i=$((i+1)); echo $i > /tmp/count; sleep 1; done";

  private static final int PATIENCE_SECONDS = 120;

  private VerbChecks() {}

  /**
   * Kept with its files and volume, cloned, gone back to, stopped where it is kept, refused when
   * damaged, removed. The kernel here has no nf_tables, which closes nothing but networks.
   */
  static void snapshots() throws Exception {
    Path root = root();
    var options = EngineOptions.at(root, root.resolveSibling("run"));
    try (Engine engine = Engine.open(options)) {
      withoutNetworks(engine);
      engine.images().buildBase("busybox", Optional.empty(), ProgressListener.SILENT);
      engine.containers().create(thin("parent", "sh", "-c", COUNTING));
      engine.containers().start("parent");
      tell(engine, "parent", "echo kept > /mark; echo in-volume > /data/mark");
      int stood = count(engine, "parent", 2);
      engine.snapshots().create("parent", "warm", true);
      tell(engine, "parent", "echo later > /mark; echo later > /data/mark");
      var _ = engine.snapshots().makeContainer("warm", CloneSpec.named("clone"));
      long before = System.nanoTime();
      engine.snapshots().start("warm", "clone");
      System.out.printf(
          "figure verbs: snapshot to running in %d ms%n", (System.nanoTime() - before) / 1_000_000);
      NestedCheck.same("kept\nin-volume", tell(engine, "clone", "cat /mark /data/mark"));
      String id = engine.containers().inspect("clone", false).id().substring(0, 12);
      NestedCheck.same(id + "\n" + id, tell(engine, "clone", "hostname; cat /etc/hostname"));
      countsOn(engine, "clone", stood);
      engine.containers().kill("parent", "KILL");
      ended(engine, "parent");
      goesBack(engine);
      damaged(engine, root.resolve("snapshots/warm/sandbox"));
      engine.snapshots().remove("warm");
      NestedCheck.same("[]", engine.snapshots().list(Filters.none()).toString());
      NestedCheck.same("kept", tell(engine, "clone", "cat /mark"));
      for (String name : List.of("clone", "parent")) {
        engine.containers().remove(name, true, true);
      }
    }
  }

  /** A new place for an engine's state, with the lab's kernel in it. */
  static Path root() throws IOException {
    Path root = Files.createDirectories(Files.createTempDirectory("engine").resolve("root"));
    Files.createSymbolicLink(root.resolve("kernels"), NestedGuest.APP.resolve("kernels"));
    return root;
  }

  /** A machine without a network, with an anonymous volume. */
  static InstanceSpec thin(String name, String... command) {
    return InstanceSpec.of("busybox")
        .name(name)
        .isolation("thin")
        .networking(NetworkingSpec.of("none"))
        .resources(ResourceSpec.builder().memory(32L << 20).build())
        .storage(StorageSpec.of(List.of(MountSpec.Volume.of("", "/data", false))))
        .command(command)
        .build();
  }

  /** From where the parent stood, not from the beginning. */
  private static void countsOn(Engine engine, String clone, int stood) throws Exception {
    int first = count(engine, clone, 0);
    if (first < stood) {
      throw new AssertionError(clone + " counts anew: " + first);
    }
    count(engine, clone, first);
  }

  /** Waits until it is beyond a number; the file is empty for a moment each time it is written. */
  private static int count(Engine engine, String clone, int beyond) throws Exception {
    String script = "until [ \"$c\" ] && [ $c -gt %d ]; do c=$(cat /tmp/count); done; echo $c";
    return Integer.parseInt(tell(engine, clone, script.formatted(beyond)));
  }

  /** It begins where it was kept, and is kept once more, which ends it. */
  private static void goesBack(Engine engine) throws Exception {
    engine.snapshots().start("warm", "parent");
    NestedCheck.same("kept\nin-volume", tell(engine, "parent", "cat /mark /data/mark"));
    engine.snapshots().create("parent", "point", false);
    ended(engine, "parent");
    NestedCheck.same(
        "[point, warm]",
        engine.snapshots().list(Filters.none()).stream()
            .map(SnapshotInfo::name)
            .sorted()
            .toList()
            .toString());
    engine.snapshots().remove("point");
  }

  private static void ended(Engine engine, String container) throws Exception {
    int code =
        engine
            .containers()
            .exit(container, WaitCondition.NOT_RUNNING)
            .get(PATIENCE_SECONDS, TimeUnit.SECONDS)
            .code();
    if (code != 137) {
      throw new AssertionError(container + " ended with " + code);
    }
  }

  private static void withoutNetworks(Engine engine) {
    Finding found =
        engine.host().doctor().stream()
            .filter(finding -> finding.subject().equals("networks"))
            .findFirst()
            .orElseThrow();
    if (found.verdict() != Finding.Verdict.MISSING || !found.detail().contains("nf_tables")) {
      throw new AssertionError(found.toString());
    }
    System.out.println("verbs: networks: " + found.detail() + "; " + found.remedy());
    try {
      engine.networks().create(NetworkSpec.of("mine"));
      throw new AssertionError("a network was made without nf_tables");
    } catch (EngineException e) {
      System.out.println("verbs: " + e.getMessage());
    }
  }

  /** What is cut short is refused before the container's files are given up for it. */
  private static void damaged(Engine engine, Path sandbox) throws Exception {
    Path state = sandbox.resolve("machine/state");
    byte[] whole = Files.readAllBytes(state);
    Files.delete(state);
    Files.write(state, java.util.Arrays.copyOf(whole, whole.length / 2));
    try {
      engine.snapshots().start("warm", "parent");
      throw new AssertionError("a snapshot that was cut short was restored");
    } catch (EngineException e) {
      System.out.println("verbs: " + e.getMessage());
    }
    if (engine.containers().inspect("parent", false).state().status() != Status.EXITED) {
      throw new AssertionError("it runs");
    }
  }

  static String tell(Engine engine, String container, String command) throws Exception {
    String exec =
        engine.containers().createExec(container, ExecSpec.of("sh", "-c", command));
    var text = new StringBuilder();
    try (var streams = engine.containers().startExec(exec)) {
      streams.forEach(output -> text.append(new String(output.data(), StandardCharsets.UTF_8)));
    }
    return text.toString().strip();
  }
}
