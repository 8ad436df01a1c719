/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.stub;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.launch.FileAction;
import dev.caisson.launch.Handle;
import dev.caisson.launch.IdentityAction;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.MountAction;
import dev.caisson.launch.MountAttribute;
import dev.caisson.launch.Namespace;
import dev.caisson.launch.NamespaceAction;
import dev.caisson.launch.ProcessAction;
import dev.caisson.launch.Propagation;
import dev.caisson.launch.Step;
import dev.caisson.launch.SupervisionAction;
import dev.caisson.sandbox.workload.Capability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** A small root file system with busybox, and plans that start programs in it. */
final class TestRoot {
  private static final Path BUSYBOX = Path.of("/bin/busybox");

  final Path path;

  TestRoot(Path parent) {
    assumeTrue(Files.isExecutable(BUSYBOX), "needs the package busybox-static");
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root");
    path = parent.resolve("root");
    try {
      // Root of a user namespace is an ordinary user here, and must be able to come in.
      Files.setPosixFilePermissions(parent, PosixFilePermissions.fromString("rwxr-xr-x"));
      for (String directory : List.of("bin", "proc", "dev", "sys", "tmp", "etc", "work")) {
        Files.createDirectories(path.resolve(directory));
      }
      Files.copy(BUSYBOX, path.resolve("bin/busybox"));
      for (String applet :
          List.of(
              "sh",
              "true",
              "cat",
              "id",
              "ls",
              "sleep",
              "grep",
              "tty",
              "stty",
              "kill",
              "mount",
              "touch",
              "mkdir",
              "printf",
              "hostname",
              "ps",
              "yes",
              "head",
              "readlink")) {
        Files.createSymbolicLink(path.resolve("bin/" + applet), Path.of("busybox"));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where the steps of a test differ from the usual ones. */
  static final class Recipe {
    private final TestRoot root;
    final List<Step> before = new ArrayList<>();
    final List<Step> beforePivot = new ArrayList<>();
    final List<Step> beforeExec = new ArrayList<>();
    final List<Step> after = new ArrayList<>();
    Set<Namespace> namespaces =
        EnumSet.of(Namespace.MOUNT, Namespace.PID, Namespace.UTS, Namespace.IPC, Namespace.NETWORK);
    String[] command = {"true"};
    List<String> environment = List.of("PATH=/bin");

    private Recipe(TestRoot root) {
      this.root = root;
    }

    Recipe before(String name, dev.caisson.launch.Action action) {
      before.add(Step.outside(name, action));
      return this;
    }

    Recipe beforePivot(String name, dev.caisson.launch.Action action) {
      beforePivot.add(Step.inside(name, action));
      return this;
    }

    Recipe beforeExec(String name, dev.caisson.launch.Action action) {
      beforeExec.add(Step.inside(name, action));
      return this;
    }

    Recipe awaitExit() {
      before.add(0, Step.outside("wait for the end", new SupervisionAction.AwaitExit()));
      return this;
    }

    Recipe watch(Path directory, boolean input, Path log) {
      before.add(
          Step.outside(
              "watch",
              new SupervisionAction.Watch(
                  directory.toString(),
                  Optional.of(new SupervisionAction.Log(log.toString(), 200_000, 3)),
                  "")));
      before.add(Step.outside("open streams", new SupervisionAction.OpenStreams(input)));
      return this;
    }

    LaunchPlan plan() {
      var steps = new ArrayList<>(before);
      steps.add(
          Step.outside("new process", new NamespaceAction.Clone(namespaces, Optional.empty())));
      steps.add(
          Step.inside("stop echoes", new MountAction.SetPropagation("/", Propagation.SLAVE, true)));
      String at = root.path.toString();
      steps.add(Step.inside("own root", new MountAction.BindRoot(Handle.path(at), false, at)));
      steps.add(
          Step.inside(
              "process information",
              new MountAction.Mount(
                  "proc",
                  "proc",
                  List.of(),
                  Set.of(
                      MountAttribute.NO_SETUID, MountAttribute.NO_DEVICES, MountAttribute.NO_EXEC),
                  Propagation.UNCHANGED,
                  "/proc")));
      steps.add(
          Step.inside(
              "devices",
              new MountAction.Mount(
                  "tmpfs",
                  "tmpfs",
                  List.of("mode=755", "size=65536k"),
                  Set.of(MountAttribute.NO_SETUID),
                  Propagation.UNCHANGED,
                  "/dev")));
      steps.add(
          Step.inside(
              "terminals",
              new MountAction.Mount(
                  "devpts",
                  "devpts",
                  List.of("newinstance", "ptmxmode=0666", "mode=0620", "gid=5"),
                  Set.of(MountAttribute.NO_SETUID, MountAttribute.NO_EXEC),
                  Propagation.UNCHANGED,
                  "/dev/pts")));
      steps.add(
          Step.inside(
              "null device", new FileAction.MakeDevice("/dev/null", 'c', 1, 3, 0666, 0, 0)));
      steps.add(
          Step.inside("stdout link", new FileAction.MakeLink("/dev/stdout", "/proc/self/fd/1")));
      steps.addAll(beforePivot);
      steps.add(Step.inside("switch root", new MountAction.PivotRoot()));
      steps.addAll(beforeExec);
      steps.add(
          Step.inside("run", new ProcessAction.Exec(command[0], List.of(command), environment, 0)));
      steps.addAll(after);
      return new LaunchPlan(steps);
    }
  }

  Recipe run(String... command) {
    var recipe = new Recipe(this);
    recipe.command = command;
    return recipe;
  }

  /** What Docker does before exec, in the order that keeps every right as short as possible. */
  static List<Step> dockerIdentity(long user) {
    Set<Capability> held = user == 0 ? Capability.DEFAULT : Set.of();
    return List.of(
        Step.inside("bound capabilities", new IdentityAction.LimitCapabilities(Capability.DEFAULT)),
        Step.inside(
            "become the user",
            new IdentityAction.SwitchUser(user, user, Optional.of(List.of(user)))),
        Step.inside(
            "hold capabilities",
            new IdentityAction.HoldCapabilities(held, held, Set.of(), Set.of())),
        Step.inside("no new privileges", new IdentityAction.RefuseNewPrivileges()));
  }
}
