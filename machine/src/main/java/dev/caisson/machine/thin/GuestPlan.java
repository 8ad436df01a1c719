/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import static dev.caisson.launch.Step.inside;
import static dev.caisson.launch.Step.outside;

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
import dev.caisson.sandbox.ability.Executable;
import dev.caisson.sandbox.user.Accounts;
import dev.caisson.sandbox.user.Identity;
import dev.caisson.sandbox.workload.Capability;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Namespaces;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.Workload;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What happens inside a guest to start a process: the same steps as for a container, fewer walls.
 */
final class GuestPlan {
  private static final String NEW_ROOT = "/run/root";
  private static final Optional<Handle> GROUP = Optional.of(Handle.path(GuestGroup.PATH));
  private static final int DEFAULT_COLUMNS = 80;
  private static final int DEFAULT_ROWS = 24;
  private static final Set<MountAttribute> PLAIN =
      Set.of(MountAttribute.NO_SETUID, MountAttribute.NO_DEVICES, MountAttribute.NO_EXEC);

  private final Workload workload;
  private final GuestNames names;
  private final Accounts users;
  private final List<Step> steps = new ArrayList<>();

  private GuestPlan(Workload workload, GuestNames names, Accounts users) {
    this.workload = workload;
    this.names = names;
    this.users = users;
  }

  /**
   * The plan of the first process.
   *
   * @param session the number the guest knows it by, which names its terminal's socket
   */
  static LaunchPlan first(Workload workload, GuestNames names, Accounts users, int session) {
    return new GuestPlan(workload, names, users).first(session);
  }

  /**
   * The plan of a further process.
   *
   * @param first process id of the first one in the guest
   */
  static LaunchPlan further(
      Workload workload,
      GuestNames names,
      Accounts users,
      Executable.Command command,
      int first,
      int session) {
    return new GuestPlan(workload, names, users).further(command, first, session);
  }

  private LaunchPlan first(int session) {
    Program program = workload.process();
    supervise(program.terminal(), session);
    Set<Namespace> own = EnumSet.of(Namespace.PID, Namespace.MOUNT, Namespace.IPC, Namespace.UTS);
    steps.add(
        outside("make namespaces", new NamespaceAction.Clone(own, GROUP))
            .because("the agent of the host stays out of the workload's sight"));
    rank(program);
    if (workload.namespaces().cgroup() instanceof Namespaces.Own) {
      steps.add(
          inside("own cgroup view", new NamespaceAction.Unshare(Set.of(Namespace.CGROUP)))
              .because("only now the process is in the group that shall be its root"));
    }
    steps.add(inside("own mounts", new MountAction.SetPropagation("/", Propagation.PRIVATE, true)));
    steps.add(
        inside(
            "forwarded root",
            new MountAction.BindRoot(
                Handle.path(GuestNames.EXPORTS + GuestNames.ROOT), false, NEW_ROOT)));
    systemMounts();
    workload.mounts().mounts().forEach(this::mount);
    names.files().forEach((target, name) -> bind(name, target, false));
    if (!workload.hostname().isEmpty()) {
      steps.add(inside("host name", new NamespaceAction.SetHostname(workload.hostname())));
    }
    if (!workload.domainname().isEmpty()) {
      steps.add(inside("domain name", new NamespaceAction.SetDomainname(workload.domainname())));
    }
    steps.add(inside("loopback", new NamespaceAction.RaiseLoopback()));
    sysctls();
    steps.add(inside("switch root", new MountAction.MoveRoot()));
    covers();
    if (program.terminal()) {
      terminal(program.size().columns(), program.size().rows(), true);
    }
    steps.add(
        inside("working directory", new ProcessAction.EnterDirectory(program.directory(), true)));
    program.umask().ifPresent(mask -> steps.add(inside("umask", new ProcessAction.SetUmask(mask))));
    if (program.init()) {
      steps.add(inside("small init", new ProcessAction.BecomeInit()));
    }
    Identity identity = users.resolve(program.user());
    limits();
    become(identity, workload.security().capabilities(), false);
    exec(program.arguments(), environment(program.environment(), identity, program.terminal()));
    return new LaunchPlan(steps);
  }

  private LaunchPlan further(Executable.Command command, int first, int session) {
    supervise(command.terminal(), session);
    steps.add(outside("new process", new NamespaceAction.Clone(Set.of(), GROUP)));
    rank(workload.process());
    // The mount namespace last: afterwards /proc is the workload's own.
    for (Namespace kind :
        List.of(Namespace.IPC, Namespace.UTS, Namespace.CGROUP, Namespace.PID, Namespace.MOUNT)) {
      String file = kind == Namespace.MOUNT ? "mnt" : kind.name().toLowerCase(Locale.ROOT);
      steps.add(
          inside(
              "join " + file,
              new NamespaceAction.JoinNamespace(
                  kind, Handle.path("/proc/" + first + "/ns/" + file))));
    }
    steps.add(inside("enter namespaces", new NamespaceAction.Renew()));
    if (command.terminal()) {
      terminal(0, 0, false);
    }
    Program program = workload.process();
    steps.add(
        inside(
            "working directory",
            new ProcessAction.EnterDirectory(
                command.directory().orElse(program.directory()), false)));
    Identity identity = users.resolve(command.user().orElse(program.user()));
    var capabilities =
        command.privileged() ? EnumSet.allOf(Capability.class) : workload.security().capabilities();
    limits();
    become(identity, capabilities, command.privileged());
    Map<String, String> variables = new LinkedHashMap<>(program.environment());
    variables.putAll(Program.checkEnvironment(command.environment()));
    exec(command.arguments(), environment(variables, identity, command.terminal()));
    return new LaunchPlan(steps);
  }

  private void supervise(boolean terminal, int session) {
    if (terminal) {
      steps.add(
          outside(
              "terminal's way out",
              new SupervisionAction.ConsoleSocket("/run/session/" + session)));
    }
    steps.add(outside("await the exit", new SupervisionAction.AwaitExit()));
  }

  /** Last before rights are dropped: with few descriptors the steps before could not be made. */
  private void limits() {
    ProcessAction.LimitResources.of(workload.process().limits())
        .ifPresent(action -> steps.add(outside("resource limits", action)));
  }

  private void rank(Program program) {
    program
        .oomScoreAdjustment()
        .ifPresent(score ->
            steps.add(
                outside(
                    "rank for lack of memory", new ProcessAction.AdjustOutOfMemoryScore(score))));
  }

  private void systemMounts() {
    mount("proc", "/proc", PLAIN);
    mount("tmpfs", "/dev", Set.of(MountAttribute.NO_SETUID), "mode=755", "size=65536k");
    mount(
        "devpts",
        "/dev/pts",
        Set.of(MountAttribute.NO_SETUID, MountAttribute.NO_EXEC),
        "newinstance",
        "ptmxmode=0666",
        "mode=0620",
        "gid=5");
    mount("sysfs", "/sys", PLAIN);
    mount("cgroup2", "/sys/fs/cgroup", PLAIN);
    mount("mqueue", "/dev/mqueue", PLAIN);
    mount("tmpfs", "/dev/shm", PLAIN, "mode=1777", "size=" + workload.mounts().sharedMemory());
    device("null", 1, 3);
    device("zero", 1, 5);
    device("full", 1, 7);
    device("random", 1, 8);
    device("urandom", 1, 9);
    device("tty", 5, 0);
    if (workload.security().privileged()) {
      device("kmsg", 1, 11);
    }
    link("/dev/fd", "/proc/self/fd");
    link("/dev/stdin", "/proc/self/fd/0");
    link("/dev/stdout", "/proc/self/fd/1");
    link("/dev/stderr", "/proc/self/fd/2");
    link("/dev/ptmx", "pts/ptmx");
  }

  private void mount(
      String type, String target, Set<MountAttribute> attributes, String... options) {
    steps.add(
        inside(
            "mount " + target,
            new MountAction.Mount(
                type, type, List.of(options), attributes, Propagation.PRIVATE, target)));
  }

  private void device(String name, int major, int minor) {
    steps.add(
        inside(
            "device " + name,
            new FileAction.MakeDevice("/dev/" + name, 'c', major, minor, 0666, 0, 0)));
  }

  private void link(String target, String content) {
    steps.add(inside("link " + target, new FileAction.MakeLink(target, content)));
  }

  private void mount(Mount mount) {
    Optional<String> name = names.of(mount);
    if (name.isPresent()) {
      bind(name.get(), mount.target(), mount.readOnly());
    } else if (mount instanceof Mount.Tmpfs tmpfs) {
      Set<MountAttribute> attributes =
          EnumSet.of(MountAttribute.NO_SETUID, MountAttribute.NO_DEVICES);
      if (!tmpfs.executable()) {
        attributes.add(MountAttribute.NO_EXEC);
      }
      if (tmpfs.readOnly()) {
        attributes.add(MountAttribute.READ_ONLY);
      }
      List<String> options = new ArrayList<>();
      options.add("mode=" + Integer.toOctalString(tmpfs.mode().orElse(01777)));
      if (tmpfs.size() > 0) {
        options.add("size=" + tmpfs.size());
      }
      mount("tmpfs", tmpfs.target(), attributes, options.toArray(String[]::new));
    }
  }

  private void bind(String name, String target, boolean readOnly) {
    steps.add(
        inside(
            "mount " + target,
            new MountAction.Bind(
                Handle.path(GuestNames.EXPORTS + name),
                false,
                readOnly ? Set.of(MountAttribute.READ_ONLY) : Set.of(),
                Set.of(),
                Set.of(),
                Propagation.PRIVATE,
                Optional.empty(),
                target)));
  }

  private void sysctls() {
    if (!workload.sysctls().isEmpty()) {
      List<FileAction.Sysctl> values =
          workload.sysctls().entrySet().stream()
              .map(set -> new FileAction.Sysctl(path(set.getKey()), set.getValue()))
              .toList();
      steps.add(inside("kernel parameters", new FileAction.SetSysctls(values)));
    }
  }

  private static String path(String key) {
    return key.indexOf('/') >= 0 ? key : key.replace('.', '/');
  }

  private void covers() {
    var security = workload.security();
    if (!security.privileged()) {
      steps.add(inside("cover secrets", new MountAction.Mask(security.maskedPaths())));
      steps.add(inside("freeze settings", new MountAction.Freeze(security.readOnlyPaths())));
      for (String target : List.of("/sys", "/sys/fs/cgroup")) {
        steps.add(
            inside(
                "freeze " + target,
                new MountAction.SetAttributes(
                    target, Set.of(MountAttribute.READ_ONLY), Set.of(), false)));
      }
    }
    if (workload.root().readOnly()) {
      steps.add(
          inside(
              "freeze the root",
              new MountAction.SetAttributes(
                  "/", Set.of(MountAttribute.READ_ONLY), Set.of(), false)));
    }
  }

  private void terminal(int columns, int rows, boolean console) {
    steps.add(
        inside(
            "terminal",
            new SupervisionAction.OpenTerminal(
                columns == 0 ? DEFAULT_COLUMNS : columns,
                rows == 0 ? DEFAULT_ROWS : rows,
                console)));
  }

  private void become(Identity identity, Set<Capability> kept, boolean privileged) {
    steps.add(inside("capability bounds", new IdentityAction.LimitCapabilities(kept)));
    steps.add(
        inside(
            "become the user",
            new IdentityAction.SwitchUser(
                identity.user(), identity.group(), Optional.of(identity.groups()))));
    Set<Capability> held = identity.user() == 0 || privileged ? kept : Set.of();
    steps.add(
        inside(
            "capabilities", new IdentityAction.HoldCapabilities(held, held, Set.of(), Set.of())));
    if (workload.security().noNewPrivileges()) {
      steps.add(inside("no new privileges", new IdentityAction.RefuseNewPrivileges()));
    }
  }

  private Map<String, String> environment(
      Map<String, String> given, Identity identity, boolean terminal) {
    Map<String, String> variables = new LinkedHashMap<>(given);
    variables.putIfAbsent("HOSTNAME", workload.hostname());
    variables.putIfAbsent("HOME", identity.home());
    if (terminal) {
      variables.putIfAbsent("TERM", "xterm");
    }
    return variables;
  }

  private void exec(List<String> arguments, Map<String, String> environment) {
    List<String> variables =
        environment.entrySet().stream().map(set -> set.getKey() + "=" + set.getValue()).toList();
    steps.add(
        inside("execute", new ProcessAction.Exec(arguments.getFirst(), arguments, variables, 0)));
  }
}
