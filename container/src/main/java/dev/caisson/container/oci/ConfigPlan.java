/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.launch.FileAction;
import dev.caisson.launch.Handle;
import dev.caisson.launch.IdMap;
import dev.caisson.launch.IdentityAction;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.MountAction;
import dev.caisson.launch.MountAttribute;
import dev.caisson.launch.Namespace;
import dev.caisson.launch.NamespaceAction;
import dev.caisson.launch.ProcessAction;
import dev.caisson.launch.Propagation;
import dev.caisson.launch.Side;
import dev.caisson.launch.Step;
import dev.caisson.launch.SupervisionAction;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** A bundle's config.json as a launch plan. OCI runtime-spec 1.2, "Lifecycle" gives the order. */
final class ConfigPlan {
  /**
   * How the launch is to be watched.
   *
   * @param console where a terminal's master goes
   */
  record Manner(boolean awaitStart, boolean awaitExit, Optional<String> console, boolean noPivot) {}

  private final String id;
  private final JsonNode config;
  private final JsonNode linux;
  private final Path bundle;
  private final Optional<Cgroup> cgroup;
  private final Manner manner;
  private final Map<Namespace, String> namespaces = new EnumMap<>(Namespace.class);
  private final List<Step> steps = new ArrayList<>();

  private ConfigPlan(
      String id, JsonNode config, Path bundle, Optional<Cgroup> cgroup, Manner manner) {
    this.id = id;
    this.config = config;
    this.linux = config.path("linux");
    this.bundle = bundle;
    this.cgroup = cgroup;
    this.manner = manner;
    linux
        .path("namespaces")
        .forEach(
            node -> namespaces.put(kind(Document.text(node, "type")), Document.text(node, "path")));
  }

  static LaunchPlan of(
      String id, JsonNode config, Path bundle, Optional<Cgroup> cgroup, Manner manner) {
    return new ConfigPlan(id, config, bundle, cgroup, manner).plan();
  }

  static Namespace kind(String name) {
    return switch (name) {
      case "mount" -> Namespace.MOUNT;
      case "pid" -> Namespace.PID;
      case "network" -> Namespace.NETWORK;
      case "ipc" -> Namespace.IPC;
      case "uts" -> Namespace.UTS;
      case "user" -> Namespace.USER;
      case "cgroup" -> Namespace.CGROUP;
      case "time" -> Namespace.TIME;
      default -> throw new OciException("namespace type '" + name + "' is unknown");
    };
  }

  private LaunchPlan plan() {
    if (!namespaces.containsKey(Namespace.MOUNT)) {
      throw new OciException(
          "config.json asks for no mount namespace; the host's would be changed");
    }
    var process = new ConfigProcess(config.path("process"), linux.path("seccomp"));
    outside(process);
    root();
    steps.addAll(
        ConfigMounts.steps(config, bundle, cgroup, owns(Namespace.CGROUP), owns(Namespace.USER)));
    hooks("prestart", Side.OUTSIDE, "creating");
    hooks("createRuntime", Side.OUTSIDE, "creating");
    hooks("createContainer", Side.INSIDE, "creating");
    sysctls();
    switchRoot();
    if (process.terminal()) {
      steps.add(
          Step.inside(
              "terminal",
              new SupervisionAction.OpenTerminal(process.columns(), process.rows(), true)));
    }
    steps.add(Step.inside("own keys", new IdentityAction.JoinKeyring("_ses." + id)));
    if (manner.awaitStart()) {
      steps.add(
          Step.inside("await start", new SupervisionAction.AwaitStart(Handle.FIRST_DESCRIPTOR)));
    }
    hooks("startContainer", Side.INSIDE, "created");
    steps.addAll(process.inside());
    return new LaunchPlan(steps);
  }

  private boolean owns(Namespace kind) {
    return "".equals(namespaces.get(kind));
  }

  private void outside(ConfigProcess process) {
    if (manner.awaitExit()) {
      steps.add(Step.outside("wait for the end", new SupervisionAction.AwaitExit()));
    }
    manner
        .console()
        .ifPresent(
            path -> steps.add(Step.outside("console", new SupervisionAction.ConsoleSocket(path))));
    joinOthers();
    ownClocks();
    create();
    steps.addAll(process.outside());
  }

  private void joinOthers() {
    // Before the clone: afterwards, in a user namespace of its own, it may not join them any more.
    namespaces.forEach((kind, path) -> {
      if (!path.isEmpty() && kind != Namespace.MOUNT && kind != Namespace.USER) {
        steps.add(
            Step.outside(
                "join " + kind.name().toLowerCase(java.util.Locale.ROOT),
                new NamespaceAction.JoinNamespace(kind, Handle.path(path))));
      }
    });
  }

  private void ownClocks() {
    if (owns(Namespace.TIME)) {
      steps.add(Step.outside("own clocks", new NamespaceAction.Unshare(Set.of(Namespace.TIME))));
      JsonNode offsets = linux.path("timeOffsets");
      steps.add(
          Step.outside(
              "set clocks",
              new NamespaceAction.OffsetClocks(
                  nanos(offsets.path("monotonic")), nanos(offsets.path("boottime")))));
    }
  }

  private void create() {
    Set<Namespace> created = EnumSet.noneOf(Namespace.class);
    namespaces.forEach((kind, path) -> {
      if (path.isEmpty() && kind != Namespace.CGROUP && kind != Namespace.TIME) {
        created.add(kind);
      }
    });
    Optional<Handle> birthplace =
        cgroup.flatMap(Cgroup::birthplace).map(path -> Handle.path(path.toString()));
    steps.add(Step.outside("new process", new NamespaceAction.Clone(created, birthplace)));
    if (owns(Namespace.USER)) {
      steps.add(
          Step.outside(
              "map ids",
              new NamespaceAction.MapIds(maps("uidMappings"), maps("gidMappings"), "", "", false)));
    }
    cgroup
        .filter(group -> birthplace.isEmpty())
        .ifPresent(group ->
            steps.add(
                Step.outside(
                    "control groups",
                    new NamespaceAction.JoinCgroups(
                        group.procsFiles().stream().map(Object::toString).toList()))));
  }

  private static long nanos(JsonNode offset) {
    return offset.path("secs").asLong(0) * 1_000_000_000 + offset.path("nanosecs").asLong(0);
  }

  private List<IdMap> maps(String name) {
    var maps = new ArrayList<IdMap>();
    linux
        .path(name)
        .forEach(node ->
            maps.add(
                new IdMap(
                    node.path("containerID").asLong(),
                    node.path("hostID").asLong(),
                    node.path("size").asLong())));
    return maps;
  }

  private void root() {
    if (owns(Namespace.USER)) {
      steps.add(
          Step.inside(
              "become root inside", new IdentityAction.SwitchUser(0, 0, Optional.of(List.of()))));
    }
    for (Namespace kind : List.of(Namespace.USER, Namespace.MOUNT)) {
      String path = namespaces.getOrDefault(kind, "");
      if (!path.isEmpty()) {
        steps.add(
            Step.inside(
                "join namespace", new NamespaceAction.JoinNamespace(kind, Handle.path(path))));
      }
    }
    if (owns(Namespace.CGROUP)) {
      steps.add(
          Step.inside("own cgroup view", new NamespaceAction.Unshare(Set.of(Namespace.CGROUP))));
    }
    String hostname = Document.text(config, "hostname");
    if (!hostname.isEmpty()) {
      steps.add(Step.inside("host name", new NamespaceAction.SetHostname(hostname)));
    }
    String domain = Document.text(config, "domainname");
    if (!domain.isEmpty()) {
      steps.add(Step.inside("domain name", new NamespaceAction.SetDomainname(domain)));
    }
    if (owns(Namespace.NETWORK)) {
      steps.add(Step.inside("loopback", new NamespaceAction.RaiseLoopback()));
    }
    steps.add(
        Step.inside("stop echoes", new MountAction.SetPropagation("/", Propagation.SLAVE, true)));
    String root = bundle.resolve(Document.text(config.path("root"), "path")).normalize().toString();
    steps.add(Step.inside("root", new MountAction.BindRoot(Handle.path(root), true, root)));
  }

  private void sysctls() {
    var values = new ArrayList<FileAction.Sysctl>();
    linux
        .path("sysctl")
        .properties()
        .forEach(entry ->
            values.add(
                new FileAction.Sysctl(
                    entry.getKey().replace('.', '/'), entry.getValue().asString(""))));
    if (!values.isEmpty()) {
      steps.add(Step.inside("kernel parameters", new FileAction.SetSysctls(values)));
    }
  }

  /** How mounts pass from and to the host once the root is the container's; slave as they are. */
  private static Optional<Step> propagation(String asked) {
    return switch (asked) {
      case "shared", "rshared" -> Optional.of(spread("share mounts", Propagation.SHARED));
      case "unbindable", "runbindable" -> Optional.of(spread("no binds", Propagation.UNBINDABLE));
      case "private", "rprivate" -> Optional.of(spread("private mounts", Propagation.PRIVATE));
      default -> Optional.empty();
    };
  }

  private static Step spread(String name, Propagation propagation) {
    return Step.inside(name, new MountAction.SetPropagation("/", propagation, true));
  }

  private void switchRoot() {
    steps.add(
        Step.inside(
            "switch root",
            manner.noPivot() ? new MountAction.MoveRoot() : new MountAction.PivotRoot()));
    propagation(Document.text(linux, "rootfsPropagation")).ifPresent(steps::add);
    if (config.path("root").path("readonly").asBoolean(false)) {
      steps.add(
          Step.inside(
              "read-only root",
              new MountAction.SetAttributes(
                  "/", Set.of(MountAttribute.READ_ONLY), Set.of(), false)));
    }
    List<String> frozen = Document.texts(linux.path("readonlyPaths"));
    if (!frozen.isEmpty()) {
      steps.add(Step.inside("freeze paths", new MountAction.Freeze(frozen)));
    }
    List<String> masked = Document.texts(linux.path("maskedPaths"));
    if (!masked.isEmpty()) {
      steps.add(Step.inside("mask paths", new MountAction.Mask(masked)));
    }
    JsonNode persona = linux.path("personality");
    if (Document.text(persona, "domain").equals("LINUX32")) {
      steps.add(Step.inside("personality", new ProcessAction.SetPersonality(8)));
    }
  }

  private void hooks(String point, Side side, String status) {
    for (JsonNode hook : config.path("hooks").path(point)) {
      var state = Hooks.state(id, status, bundle, config.path("annotations"));
      var action =
          new SupervisionAction.RunHook(
              Document.text(hook, "path"),
              Hooks.arguments(hook),
              Document.texts(hook.path("env")),
              hook.path("timeout").asInt(0),
              state.head(),
              state.tail());
      steps.add(new Step(point + " hook", "", side, action));
    }
  }
}
