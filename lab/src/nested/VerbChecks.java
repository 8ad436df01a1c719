/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.EngineOptions;
import dev.caisson.engine.Filters;
import dev.caisson.engine.ProgressListener;
import dev.caisson.engine.spec.CloneSpec;
import dev.caisson.engine.spec.ExecSpec;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.ResourceSpec;
import dev.caisson.engine.spec.StorageSpec;
import dev.caisson.engine.view.Status;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The engine's verbs for snapshots, with Linux in the machines. */
final class VerbChecks {
  private static final String COUNTING =
      "i=0; while :; do i=$((i+1)); echo $i > /tmp/count; sleep 0.1; done";

  private VerbChecks() {}

  /** Kept with its files and volume, cloned, gone back to, refused when damaged, removed. */
  static void snapshots() throws Exception {
    Path place = Files.createTempDirectory("engine");
    Path root = Files.createDirectories(place.resolve("root"));
    Files.createSymbolicLink(root.resolve("kernels"), NestedGuest.APP.resolve("kernels"));
    var options = EngineOptions.at(root, place.resolve("run"));
    try (Engine engine = Engine.open(options)) {
      engine.images().buildBase("busybox", Optional.empty(), ProgressListener.SILENT);
      engine.containers().create(parent());
      engine.containers().start("parent");
      tell(engine, "parent", "echo kept > /mark; echo in-volume > /data/mark");
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
      int counted = Integer.parseInt(tell(engine, "clone", "cat /tmp/count"));
      if (counted < 2) {
        throw new AssertionError("the clone counts anew: " + counted);
      }
      engine.containers().kill("parent", "KILL");
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

  private static InstanceSpec parent() {
    return InstanceSpec.of("busybox")
        .name("parent")
        .isolation("thin")
        .networking(NetworkingSpec.of("none"))
        .resources(ResourceSpec.builder().memory(32L << 20).build())
        .storage(StorageSpec.of(List.of(MountSpec.Volume.of("", "/data", false))))
        .command("sh", "-c", COUNTING)
        .build();
  }

  private static void goesBack(Engine engine) throws Exception {
    engine.snapshots().start("warm", "parent");
    NestedCheck.same("kept\nin-volume", tell(engine, "parent", "cat /mark /data/mark"));
    engine.containers().kill("parent", "KILL");
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

  private static String tell(Engine engine, String container, String command) throws Exception {
    String exec =
        engine.containers().createExec(container, ExecSpec.of("sh", "-c", command));
    var text = new StringBuilder();
    try (var streams = engine.containers().startExec(exec)) {
      streams.forEach(output -> text.append(new String(output.data(), StandardCharsets.UTF_8)));
    }
    return text.toString().strip();
  }
}
