/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.Isolations;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.ability.Logged;
import dev.caisson.sandbox.workload.Devices;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.Resources;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Containers of busybox in the machine of this lab, and the tally of what held. */
final class Machine {
  static final Isolation ISOLATION = Isolations.named("container").orElseThrow();

  private static final Path BUSYBOX = Path.of("/bin/busybox");
  private static int failures;
  private static int count;

  private final Isolation isolation;
  private final Path places;
  private final RootFilesystem.Layers root;

  Machine(Path places) throws Exception {
    this(places, ISOLATION);
  }

  Machine(Path places, Isolation isolation) throws Exception {
    this.isolation = isolation;
    this.places = places;
    Path layer = Files.createDirectories(places.resolve("layer"));
    for (String name : List.of("bin", "etc", "proc", "sys", "dev", "tmp")) {
      Files.createDirectories(layer.resolve(name));
    }
    Files.copy(BUSYBOX, layer.resolve("bin/busybox"));
    for (String applet :
        List.of("sh", "true", "sleep", "tail", "mknod", "cut", "sort", "ls", "sed", "cat", "grep", "test", "dd", "head", "wc")) {
      Files.createSymbolicLink(layer.resolve("bin").resolve(applet), Path.of("busybox"));
    }
    root = new RootFilesystem.Layers(List.of(new RootFilesystem.Layer("l", layer)), 0, false);
  }

  static void check(String what, boolean holds) {
    System.out.println((holds ? "ok      " : "FAILED  ") + what);
    failures += holds ? 0 : 1;
  }

  static void skip(String what, String reason) {
    System.out.println("skipped " + what + ": " + reason);
  }

  static void end() {
    System.exit(failures == 0 ? 0 : 1);
  }

  Sandbox create(Resources resources, Devices devices, String script) throws Exception {
    return create("check" + count++, resources, devices, script);
  }

  Sandbox create(String id, Resources resources, String script) throws Exception {
    return create(id, resources, new Devices(List.of(), List.of()), script);
  }

  private Sandbox create(String id, Resources resources, Devices devices, String script)
      throws Exception {
    return isolation.create(
        Workload.builder(id, root)
            .process(Program.of("sh", "-c", script).build())
            .resources(resources)
            .devices(devices)
            .build(),
        place(id));
  }

  Sandbox create(Resources resources, String script) throws Exception {
    return create(resources, new Devices(List.of(), List.of()), script);
  }

  Place place(String id) throws Exception {
    Path place = places.resolve(id);
    return new Place(
        Files.createDirectories(place.resolve("s")), Files.createDirectories(place.resolve("r")));
  }

  Exit run(Resources resources, String script) throws Exception {
    Sandbox sandbox = create(resources, script);
    sandbox.start();
    Exit exit = sandbox.exit().join();
    sandbox.delete();
    return exit;
  }

  /** What a script prints, its lines joined by spaces. */
  String output(Resources resources, Devices devices, String script) throws Exception {
    return output(create(resources, devices, script));
  }

  /** The same of one that was created. */
  String output(Sandbox sandbox) throws Exception {
    sandbox.start();
    sandbox.exit().join();
    var text = new StringBuilder();
    try (var entries = sandbox.ability(Logged.class).orElseThrow().logs(Logged.Range.ALL)) {
      for (Optional<Logged.Entry> e = entries.next(); e.isPresent(); e = entries.next()) {
        text.append(StandardCharsets.UTF_8.decode(e.get().bytes()));
      }
    }
    sandbox.delete();
    return text.toString().strip().replace('\n', ' ');
  }

  String output(Resources resources, String script) throws Exception {
    return output(resources, new Devices(List.of(), List.of()), script);
  }
}
