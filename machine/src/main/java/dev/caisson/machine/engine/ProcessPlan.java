/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import static dev.caisson.launch.Step.inside;
import static dev.caisson.launch.Step.outside;

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
import dev.caisson.launch.seccomp.FilterCompiler;
import dev.caisson.launch.seccomp.MachineProfile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How a machine's process is started: in namespaces of its own with nothing in them but the runtime
 * it is made of, as nobody's user, without capabilities or a way to any, behind a filter.
 *
 * @param root the descriptor of an empty file system, which becomes its root
 * @param groupFiles where its number is written to join its control groups
 * @param initialRoot whether our own root cannot be pivoted away from
 */
record ProcessPlan(
    MachineRuntime runtime,
    MachineUser user,
    Handle root,
    Path rootTarget,
    List<String> groupFiles,
    boolean initialRoot) {
  private static final int KILL = 9;

  LaunchPlan compile(String name) {
    List<Step> steps = new ArrayList<>();
    steps.add(
        outside(
                "new process",
                new NamespaceAction.Clone(
                    EnumSet.of(
                        Namespace.MOUNT,
                        Namespace.PID,
                        Namespace.NETWORK,
                        Namespace.IPC,
                        Namespace.UTS),
                    Optional.empty()))
            .because("it sees no process, network or file of the host"));
    steps.add(
        outside("control groups", new NamespaceAction.JoinCgroups(groupFiles))
            .because("what it costs the host is bounded whatever its guest does"));
    files(steps);
    identity(steps);
    List<String> words = runtime.command(name);
    steps.add(
        inside("run", new ProcessAction.Exec(words.getFirst(), words, runtime.environment(), 0)));
    steps.add(outside("wait", new SupervisionAction.AwaitExit()));
    return new LaunchPlan(steps);
  }

  private void files(List<Step> steps) {
    steps.add(
        inside("stop echoes", new MountAction.SetPropagation("/", Propagation.PRIVATE, true))
            .because("the host must not see these mounts"));
    steps.add(inside("empty root", new MountAction.AttachRoot(root, rootTarget.toString())));
    show(steps);
    steps.add(
        inside(
                "its own processes",
                new MountAction.Mount(
                    "proc",
                    "proc",
                    List.of("subset=pid"),
                    Set.of(
                        MountAttribute.NO_SETUID,
                        MountAttribute.NO_DEVICES,
                        MountAttribute.NO_EXEC),
                    Propagation.PRIVATE,
                    "/proc"))
            .because("descriptors it is handed are opened by their names there"));
    steps.add(
        inside(
            "nothing to write",
            new MountAction.SetAttributes(
                "/",
                Set.of(
                    MountAttribute.READ_ONLY, MountAttribute.NO_SETUID, MountAttribute.NO_DEVICES),
                Set.of(),
                false)));
    steps.add(
        inside(
            "switch root", initialRoot ? new MountAction.MoveRoot() : new MountAction.PivotRoot()));
  }

  private void show(List<Step> steps) {
    for (Map.Entry<Path, Path> shown : runtime.files().entrySet()) {
      steps.add(
          inside(
              "show " + shown.getKey(),
              bind(
                  shown.getValue(),
                  shown.getKey(),
                  Set.of(
                      MountAttribute.READ_ONLY,
                      MountAttribute.NO_SETUID,
                      MountAttribute.NO_DEVICES))));
    }
    for (String entropy : List.of("/dev/random", "/dev/urandom")) {
      steps.add(
          inside(
                  "show " + entropy,
                  bind(
                      Path.of("/dev/urandom"),
                      Path.of(entropy),
                      Set.of(
                          MountAttribute.READ_ONLY,
                          MountAttribute.NO_SETUID,
                          MountAttribute.NO_EXEC)))
              .because("the guest's entropy device is fed from it"));
    }
  }

  private static MountAction.Bind bind(Path source, Path target, Set<MountAttribute> attributes) {
    return new MountAction.Bind(
        Handle.path(source.toString()),
        false,
        attributes,
        Set.of(),
        Set.of(),
        Propagation.PRIVATE,
        Optional.empty(),
        target.toString());
  }

  private void identity(List<Step> steps) {
    steps.add(
        inside(
                "no core files",
                new ProcessAction.LimitResources(
                    List.of(new ProcessAction.Limit(ProcessAction.Resource.CORE, 0, 0))))
            .because("a guest's memory is a guest's"));
    steps.add(inside("no capabilities", new IdentityAction.LimitCapabilities(Set.of())));
    long number = user.number();
    steps.add(
        inside(
            "switch user", new IdentityAction.SwitchUser(number, number, Optional.of(List.of()))));
    steps.add(
        inside(
            "hold nothing",
            new IdentityAction.HoldCapabilities(Set.of(), Set.of(), Set.of(), Set.of())));
    steps.add(
        inside("end with its launcher", new ProcessAction.DieWithLauncher(KILL))
            .because("nobody else knows of it"));
    steps.add(inside("no new privileges", new IdentityAction.RefuseNewPrivileges()));
    steps.add(
        inside(
            "filter system calls",
            new IdentityAction.FilterCalls(
                FilterCompiler.compile(MachineProfile.get()), Set.of(), Optional.empty())));
  }
}
