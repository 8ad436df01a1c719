/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */

import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.ability.Attachable;
import dev.caisson.sandbox.ability.Attachment;
import dev.caisson.sandbox.ability.Executable;
import dev.caisson.sandbox.ability.Pausable;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Mounts;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Security;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.concurrent.TimeUnit;

/** Images in thin machines, by the same interface the engine uses, on our own hypervisor. */
final class ThinChecks {
  private static final int PATIENCE_SECONDS = 200;

  private ThinChecks() {}

  /** Thin machines as the engine would make them here. */
  static Isolation thin() {
    Isolation thin =
        ServiceLoader.load(Isolation.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(isolation -> isolation.name().equals("thin"))
            .findFirst()
            .orElseThrow()
            .below(NestedGuest.APP);
    thin.unavailable()
        .ifPresent(
            reason -> {
              throw new AssertionError(reason);
            });
    return thin;
  }

  static Path image(Path directory) throws IOException {
    Path layer = Files.createDirectories(directory.resolve("layer"));
    for (String name : List.of("bin", "etc", "tmp", "proc", "sys", "dev")) {
      Files.createDirectories(layer.resolve(name));
    }
    Files.copy(Path.of("/bin/busybox"), layer.resolve("bin/busybox"));
    layer.resolve("bin/busybox").toFile().setExecutable(true, false);
    for (String applet : List.of(
            "sh", "echo", "cat", "id", "sleep", "nproc", "hostname", "head", "od", "date", "tr", "ip", "ping", "ping6")) {
      Files.createSymbolicLink(layer.resolve("bin/" + applet), Path.of("busybox"));
    }
    return layer;
  }

  private static Sandbox sandbox(Path directory, Program program, Mounts mounts)
      throws IOException {
    return sandbox(directory, workload(directory, program, mounts));
  }

  private static Workload.Builder workload(Path directory, Program program, Mounts mounts)
      throws IOException {
    var layer = new RootFilesystem.Layer("busybox", image(directory));
    return Workload.builder("lab", new RootFilesystem.Layers(List.of(layer), 0, false))
        .process(program)
        .mounts(mounts);
  }

  private static Sandbox sandbox(Path directory, Workload.Builder workload) throws IOException {
    Path state = Files.createDirectories(directory.resolve("state"));
    Path run = Files.createDirectories(directory.resolve("run"));
    return thin().create(workload.build(), new Place(state, run));
  }

  private static String all(Attachment attachment) throws IOException {
    var text = new StringBuilder();
    for (var chunk = attachment.read(); chunk.isPresent(); chunk = attachment.read()) {
      text.append(StandardCharsets.UTF_8.decode(chunk.get().bytes()));
    }
    return text.toString();
  }

  /** Runs to its end: output, exit status, and a volume both sides see. */
  static void run() throws Exception {
    Path directory = Files.createTempDirectory("thin");
    Path volume = Files.createDirectories(directory.resolve("volume"));
    Files.writeString(volume.resolve("given"), "from outside\n");
    var program =
        Program.of("sh", "-c", "cat /data/given; id -u; echo made > /data/made; exit 7").build();
    Sandbox sandbox = sandbox(directory, program, Mounts.of(Mount.Bind.of(volume, "/data")));
    try {
      Attachment attachment = sandbox.ability(Attachable.class).orElseThrow().attach();
      long before = System.nanoTime();
      sandbox.start();
      System.out.printf("figure thin: start %d ms%n", (System.nanoTime() - before) / 1_000_000);
      int code = sandbox.exit().get(PATIENCE_SECONDS, TimeUnit.SECONDS).code();
      String output = all(attachment);
      if (code != 7 || !output.equals("from outside\n0\n")) {
        throw new AssertionError("code " + code + ", output " + output);
      }
      if (!Files.readString(volume.resolve("made")).equals("made\n")) {
        throw new AssertionError("what the guest wrote is not here");
      }
    } finally {
      sandbox.delete();
    }
  }

  /** Entered, paused, resumed and killed while it runs. */
  static void control() throws Exception {
    Path directory = Files.createTempDirectory("thin");
    Sandbox sandbox = sandbox(directory, Program.of("sleep", "1000").build(), Mounts.of());
    try {
      sandbox.start();
      Executable enter = sandbox.ability(Executable.class).orElseThrow();
      var session = enter.exec(Executable.Command.of("sh", "-c", "cat; echo seen").withStdin());
      session.write(StandardCharsets.UTF_8.encode("typed\n"));
      session.closeInput();
      String said = all(session);
      if (!said.equals("typed\nseen\n")) {
        throw new AssertionError("the session said " + said);
      }
      Pausable pausable = sandbox.ability(Pausable.class).orElseThrow();
      pausable.pause();
      pausable.resume();
      String awake = all(enter.exec(Executable.Command.of("echo", "awake")));
      if (!awake.equals("awake\n")) {
        throw new AssertionError("after the pause it said " + awake);
      }
      sandbox.signal(9);
      int code = sandbox.exit().get(PATIENCE_SECONDS, TimeUnit.SECONDS).code();
      if (code != 137) {
        throw new AssertionError("code " + code);
      }
    } finally {
      sandbox.delete();
    }
  }

  /** In a process of its own: files, a volume, a network, an entered process, a pause, the exit status. */
  static void ownProcess() throws Exception {
    Path directory = Files.createTempDirectory("thin");
    Path volume = Files.createDirectories(directory.resolve("volume"));
    Files.writeString(volume.resolve("given"), "from outside\n");
    String words =
        "cat /data/given; id -u; ping -c 1 -W 60 10.9.0.1 >/dev/null && echo pong;"
            + " while [ ! -e /data/end ]; do sleep 0.1; done; exit 7";
    try (LabNetwork network = LabNetwork.make()) {
      var workload =
          workload(
                  directory,
                  Program.of("sh", "-c", words).build(),
                  Mounts.of(Mount.Bind.of(volume, "/data")))
              .security(Security.DEFAULT.withOwnProcess(true))
              .network(
                  new NetworkAttachment(
                      new NetworkAttachment.Prepared(network.place(2).namespace()),
                      Optional.empty(),
                      Optional.empty(),
                      Optional.empty()));
      Sandbox sandbox = sandbox(directory, workload);
      try {
        apart(sandbox, volume);
      } finally {
        sandbox.delete();
      }
    }
  }

  private static void apart(Sandbox sandbox, Path volume) throws Exception {
    Attachment attachment = sandbox.ability(Attachable.class).orElseThrow().attach();
    long before = System.nanoTime();
    sandbox.start();
    System.out.printf("figure own-process: start %d ms%n", (System.nanoTime() - before) / 1_000_000);
    String status = Files.readString(Path.of("/proc/" + sandbox.pid().orElseThrow() + "/status"));
    for (String line : List.of("Name:\tjava", "Seccomp:\t2", "NoNewPrivs:\t1", "CapEff:\t0000000000000000")) {
      if (!status.contains(line)) {
        throw new AssertionError("its process has not " + line + ":\n" + status);
      }
    }
    Executable enter = sandbox.ability(Executable.class).orElseThrow();
    var session = enter.exec(Executable.Command.of("sh", "-c", "cat; echo seen").withStdin());
    session.write(StandardCharsets.UTF_8.encode("typed\n"));
    session.closeInput();
    NestedCheck.same("typed\nseen\n", all(session));
    Pausable pausable = sandbox.ability(Pausable.class).orElseThrow();
    pausable.pause();
    pausable.resume();
    String made = "echo made >/data/made; echo x >/data/end";
    NestedCheck.same("", all(enter.exec(Executable.Command.of("sh", "-c", made))));
    int code = sandbox.exit().get(PATIENCE_SECONDS, TimeUnit.SECONDS).code();
    NestedCheck.same("7", Integer.toString(code));
    NestedCheck.same("from outside\n0\npong\n", all(attachment));
    NestedCheck.same("made\n", Files.readString(volume.resolve("made")));
  }
}
