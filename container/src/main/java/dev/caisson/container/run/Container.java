/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.container.cgroup.CgroupException;
import dev.caisson.linux.mount.DetachedMount;
import dev.caisson.rootfs.RootfsException;
import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.SandboxState;
import dev.caisson.sandbox.ability.Attachable;
import dev.caisson.sandbox.ability.Attachment;
import dev.caisson.sandbox.ability.Copyable;
import dev.caisson.sandbox.ability.Diffable;
import dev.caisson.sandbox.ability.Executable;
import dev.caisson.sandbox.ability.Exportable;
import dev.caisson.sandbox.ability.Listable;
import dev.caisson.sandbox.ability.Logged;
import dev.caisson.sandbox.ability.Measurable;
import dev.caisson.sandbox.ability.Pausable;
import dev.caisson.sandbox.ability.Updatable;
import dev.caisson.sandbox.user.Identity;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Resources;
import dev.caisson.sandbox.workload.User;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/**
 * A workload on the host's kernel. Each ability is the work of a class beside this one; here they
 * meet the state of the run.
 */
public final class Container
    implements Sandbox,
        Attachable,
        Executable,
        Pausable,
        Updatable,
        Measurable,
        Listable,
        Logged,
        Diffable,
        Copyable,
        Exportable {
  private static final int KILL = 9;

  private final ContainerHost host;
  private final Optional<ReadyRoots> roots;
  private final Workload workload;
  private final Place place;
  private final ContainerRoot root;
  private final ContainerFiles files;
  private final Run run;
  private volatile boolean paused;

  private Container(
      ContainerHost host, Optional<ReadyRoots> roots, Workload workload, Place place) {
    this.host = host;
    this.roots = roots;
    this.workload = workload;
    this.place = place;
    this.root = new ContainerRoot(workload.root(), place, host.marks());
    this.files = new ContainerFiles(root, this::pid);
    this.run = new Run(host, workload, place);
  }

  /** As {@link dev.caisson.sandbox.Isolation#review}. */
  public static List<String> review(ContainerHost host, Workload workload) {
    requireLimitable(host, workload);
    return host.cgroups().map(some -> some.discarded(workload.resources())).orElse(List.of());
  }

  /**
   * Prepares a container.
   *
   * @param roots some of the roots it may have are mounted already; empty where none ever are
   */
  public static Container create(
      ContainerHost host, Optional<ReadyRoots> roots, Workload workload, Place place) {
    requireLimitable(host, workload);
    Container container = new Container(host, roots, workload, place);
    container.run.prepare();
    host.containers().put(workload.id(), container);
    return container;
  }

  /** A limit that cannot hold is refused rather than forgotten. */
  private static void requireLimitable(ContainerHost host, Workload workload) {
    List<String> limits = workload.resources().limited();
    if (host.cgroups().isEmpty() && !limits.isEmpty()) {
      throw SandboxException.unsupported(
          String.join(", ", limits) + " limit",
          "no control group is delegated to this user%n  try: without the limit; or, where only"
                  .formatted()
              + " cgroup v2 is mounted, an engine in a delegated scope: systemd-run --user --scope"
              + " -p Delegate=yes caisson engine");
    }
  }

  /** Takes over a container that an engine before this one made. */
  public static Container adopt(
      ContainerHost host, Optional<ReadyRoots> roots, Workload workload, Place place) {
    Container container = new Container(host, roots, workload, place);
    container.run.adopt();
    new LeftoverExecs(place).end();
    container.paused =
        container.run.pid().isPresent() && container.group().map(Cgroup::frozen).orElse(false);
    host.containers().put(workload.id(), container);
    return container;
  }

  @Override
  public Workload workload() {
    return workload;
  }

  @Override
  public SandboxState state() {
    SandboxState state = run.state();
    return state == SandboxState.RUNNING && paused ? SandboxState.PAUSED : state;
  }

  @Override
  public void start() {
    try (var mounted =
        new ClosingMount(
            root.prepareRun(
                mayBeReady() ? roots : Optional.empty(), host.parked().mayHave(workload.id())))) {
      run.start(
          identity(workload.process().user()),
          mounted.mount(),
          new VolumeFiller(root, workload)::fill);
    }
  }

  /** Filling a volume looks into the root, by a mount of its own, before there is a process. */
  private boolean mayBeReady() {
    return !host.rootless()
        && workload.namespaces().user().isHost()
        && workload.mounts().mounts().stream().noneMatch(Mount.Volume.class::isInstance);
  }

  private record ClosingMount(Optional<DetachedMount> mount) implements AutoCloseable {
    @Override
    public void close() {
      mount.ifPresent(DetachedMount::close);
    }
  }

  Identity identity(User user) {
    return host.accounts().of(workload.root(), root.upper(), host.marks()).resolve(user);
  }

  @Override
  public void signal(int signal) {
    if (signal < 1 || signal > 64) {
      throw SandboxException.invalid("signal " + signal, "must be 1 to 64");
    }
    requireRunning("be sent a signal");
    run.signal(signal);
    if (signal == KILL && paused) {
      resume(); // a process that stands still dies when it moves again
    }
  }

  @Override
  public CompletableFuture<Exit> exit() {
    return run.exit();
  }

  @Override
  public OptionalInt pid() {
    return run.pid();
  }

  @Override
  public void delete() {
    if (run.state() == SandboxState.RUNNING) {
      run.signal(KILL);
      if (paused) {
        resume();
      }
      run.exit().join();
    }
    run.cleaned().join();
    run.discard();
    root.remove();
    host.containers().remove(workload.id(), this);
  }

  @Override
  public Attachment attach() {
    return run.attach();
  }

  @Override
  public Session exec(Command command) {
    if (paused) {
      throw wrongState("execute more while it is paused; resume it first");
    }
    int pid = requireRunning("execute more");
    Identity identity = identity(command.user().orElse(workload.process().user()));
    return new ExecLauncher(host, workload, place, group()).launch(command, pid, identity);
  }

  @Override
  public synchronized void pause() {
    requireRunning("be paused");
    if (paused) {
      throw wrongState("be paused twice");
    }
    requireGroup("pause").freeze();
    paused = true;
  }

  @Override
  public synchronized void resume() {
    if (!paused) {
      throw wrongState("be resumed: it is not paused");
    }
    requireGroup("resume").thaw();
    paused = false;
  }

  @Override
  public void update(Resources resources) {
    requireRunning("have its limits changed");
    try {
      requireGroup("limit").update(resources);
    } catch (CgroupException refused) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, String.valueOf(refused.getMessage()), refused);
    }
  }

  @Override
  public Usage usage() {
    int pid = requireRunning("be measured");
    Usage usage = group().map(Cgroup::usage).orElseGet(() -> ProcessUsage.of(pids()));
    return new Usage(
        usage.time(),
        usage.cpu(),
        usage.memory(),
        usage.tasks(),
        usage.blockDevices(),
        InterfaceCounters.of(pid));
  }

  @Override
  public ProcessTable processes(List<String> options) {
    requireRunning("list processes");
    return new ProcessLister(pids()).list(options);
  }

  @Override
  public List<Integer> pids() {
    return group()
        .map(Cgroup::pids)
        .orElseGet(() -> pid().isPresent() ? ProcessUsage.sharing(pid().getAsInt()) : List.of());
  }

  @Override
  public Entries logs(Range range) {
    return new LogReader(place.state(), range, run.exit());
  }

  @Override
  public List<Change> changes() {
    return files.changes();
  }

  @Override
  public FileFacts facts(String path) {
    return files.facts(path);
  }

  @Override
  public void copyOut(String path, OutputStream tar) throws IOException {
    files.copyOut(path, tar);
  }

  @Override
  public void copyIn(String directory, InputStream tar, CopyOptions options) throws IOException {
    if (workload.root().readOnly()) {
      files.requireWritable(directory, workload);
    }
    files.copyIn(directory, tar, options);
  }

  @Override
  public void export(OutputStream tar) throws IOException {
    files.export(tar);
  }

  @Override
  public void exportChanges(OutputStream tar) throws IOException {
    try {
      root.overlay("commit").exportChanges(tar);
    } catch (RootfsException failed) {
      throw ContainerRoot.explain(failed);
    }
  }

  private Optional<Cgroup> group() {
    return run.group();
  }

  private Cgroup requireGroup(String purpose) {
    return group()
        .orElseThrow(() ->
            SandboxException.unsupported(
                purpose, "this needs a control group; caisson doctor says how to get one"));
  }

  private int requireRunning(String purpose) {
    return pid().orElseThrow(() -> wrongState(purpose + ": it does not run"));
  }

  private SandboxException wrongState(String purpose) {
    return new SandboxException(
        SandboxException.Kind.WRONG_STATE, "container " + workload.name() + " cannot " + purpose);
  }
}
