/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.container.cgroup.CgroupException;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.run.Launch;
import dev.caisson.launch.run.Report;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixListener;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.linux.mount.DetachedMount;
import dev.caisson.linux.process.ProcessFd;
import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.SandboxState;
import dev.caisson.sandbox.ability.Attachment;
import dev.caisson.sandbox.user.Identity;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The life of a container's processes: created, running, exited, and cleaned up after.
 *
 * <p>The end is seen on the stub's report pipe or, once adopted, on a connection to the monitor;
 * what that wrote down then says how it ended.
 */
final class Run {
  private static final int KILL = 9;
  private static final int LONGEST_DEATH = 3;

  private final ContainerHost host;
  private final Workload workload;
  private final Place place;
  private final Monitor monitor;
  private final UndoRecord undo;
  private final List<MonitorAttachment> waiting = new ArrayList<>();
  private final CompletableFuture<Exit> exit = new CompletableFuture<>();
  private final CompletableFuture<Void> cleaned = new CompletableFuture<>();
  private final CompletableFuture<Void> left = new CompletableFuture<>(); // by the monitor
  private volatile SandboxState state = SandboxState.CREATED;
  private volatile int pid;
  private volatile @Nullable Cgroup group;
  private volatile Instant startedAt = Instant.EPOCH;

  Run(ContainerHost host, Workload workload, Place place) {
    this.host = host;
    this.workload = workload;
    this.place = place;
    this.monitor = new Monitor(place.run());
    this.undo = UndoRecord.in(place.run());
  }

  /** Forgets how a former run in this place ended. */
  void prepare() {
    CompletableFuture<Void> former = host.endings().get(place.run());
    if (former != null) {
      former.join(); // two overlays must not share what they write to
    }
    try {
      if (!Files.isDirectory(place.run())) {
        Files.createDirectories(place.run());
      }
      ExitRecord.discard(place.run());
    } catch (IOException failed) {
      throw new SandboxException(SandboxException.Kind.FAILED, "prepare " + place.run(), failed);
    }
  }

  SandboxState state() {
    return state;
  }

  OptionalInt pid() {
    return state == SandboxState.RUNNING ? OptionalInt.of(pid) : OptionalInt.empty();
  }

  CompletableFuture<Exit> exit() {
    return exit;
  }

  /** Completes when nothing of the run is left on the host. */
  CompletableFuture<Void> cleaned() {
    if (state == SandboxState.CREATED) {
      cleaned.complete(null);
    }
    return cleaned;
  }

  Optional<Cgroup> group() {
    return Optional.ofNullable(group);
  }

  /**
   * Starts the processes.
   *
   * @param root the root file system, if it was mounted ahead of need
   * @param beforehand work on the root file system that is done first
   */
  synchronized void start(Identity identity, Optional<DetachedMount> root, Runnable beforehand) {
    if (state != SandboxState.CREATED) {
      throw new SandboxException(
          SandboxException.Kind.WRONG_STATE,
          "container " + workload.name() + " was started already; create another run");
    }
    beforehand.run();
    try (Preparation preparation = Preparation.of(workload, place, host, identity, root)) {
      group = preparation.group().orElse(null);
      // The record comes first: whoever is killed from here on, the next engine takes it all away.
      undo.write(preparation.group().map(Cgroup::directories).orElse(List.of()));
      Optional<ParkedStub> parked = parked(preparation);
      try {
        preparation
            .group()
            .ifPresent(made -> made.create(workload.resources(), preparation.devices().access()));
        launch(preparation, parked);
      } catch (RuntimeException failed) {
        parked.ifPresent(ParkedStub::abandon);
        abandon();
        throw failed instanceof CgroupException refused
            ? new SandboxException(
                SandboxException.Kind.FAILED, String.valueOf(refused.getMessage()), refused)
            : failed;
      }
    }
  }

  private void abandon() {
    waiting.forEach(MonitorAttachment::abandon);
    waiting.clear();
    group().ifPresent(made -> host.reaper().reap(made, undo::remove).join());
    group = null;
  }

  private Optional<ParkedStub> parked(Preparation preparation) {
    return preparation.group().flatMap(group -> host.parked().take(workload, group));
  }

  private Launch launched(LaunchPlan plan, Preparation preparation, Optional<ParkedStub> parked) {
    return parked.isPresent()
        ? parked.get().carryOut(plan, preparation.passed())
        : host.launcher().start(plan, preparation.passed());
  }

  private void launch(Preparation preparation, Optional<ParkedStub> parked) {
    if (waiting.isEmpty()) {
      running(launched(preparation.plan(parked.isPresent()), preparation, parked));
      return;
    }
    Path starter = place.run().resolve("start.sock");
    try (UnixListener listener = UnixListener.open(starter, SocketKind.STREAM, 1)) {
      LaunchPlan plan = preparation.planAwaiting(listener.fd(), parked.isPresent());
      var launched = launched(plan, preparation, parked);
      StubReports.expect(Report.Created.class, launched, workload.name());
      joinWaiting(launched);
      try (UnixSocket _ = UnixSocket.connect(starter, SocketKind.STREAM)) {
        running(launched);
      }
    } catch (IOException failed) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, "attach to " + workload.name(), failed);
    } finally {
      try {
        Files.deleteIfExists(starter);
      } catch (IOException left) {
        // removed with the run directory
      }
    }
  }

  private void joinWaiting(Launch launched) throws IOException {
    try {
      for (MonitorAttachment attachment : waiting) {
        attachment.join();
      }
      waiting.clear();
    } catch (IOException failed) {
      launched.process().signal(KILL);
      launched.process().await();
      launched.close();
      throw failed;
    }
  }

  private void running(Launch launched) {
    pid = StubReports.expect(Report.Running.class, launched, workload.name()).pid();
    startedAt = Instant.now();
    state = SandboxState.RUNNING;
    host.loop()
        .onceReadable(
            launched.statusFd(),
            () -> {
              launched.next(); // the exit, or the end of the monitor
              ended();
              launched.closeStatus();
              awaitEnd(launched.process(), true);
            });
  }

  /** The monitor has said all; what it still does is to take the mounts down. */
  private void awaitEnd(ProcessFd process, boolean child) {
    host.loop()
        .onceReadable(
            process.fd(),
            () -> {
              if (child) {
                process.await();
              }
              process.close();
              left.complete(null);
              host.endings().remove(place.run(), left);
            });
  }

  /** Takes down how it went, tells everybody, and has the rest removed. */
  private void ended() {
    host.endings().put(place.run(), left);
    Optional<Exit> recorded = ExitRecord.read(place.run());
    Exit how = recorded.orElseGet(() -> ExitRecord.unrecorded(startedAt));
    Optional<Cgroup> used = group();
    // Of a run that shares a PID namespace, or lost its monitor, processes may be left.
    if (recorded.isEmpty()) {
      used.ifPresentOrElse(Cgroup::kill, this::killFirst);
    }
    state = SandboxState.EXITED;
    CompletableFuture<Void> reaped =
        used.map(some -> host.reaper().reap(some, undo::remove))
            .orElseGet(() -> CompletableFuture.runAsync(undo::remove));
    // The end of a first process is the end of all in its PID namespace. Where nobody saw it, what
    // was killed just now must be gone before the end is told.
    CompletableFuture<Void> over =
        recorded.isPresent()
            ? CompletableFuture.completedFuture(null)
            : reaped.copy().completeOnTimeout(null, LONGEST_DEATH, TimeUnit.SECONDS);
    // Not on this thread, which serves all containers: who waits for the end may do anything then.
    var _ =
        over.whenCompleteAsync((done, failed) -> exit.complete(how), Thread::startVirtualThread);
    var _ = CompletableFuture.allOf(reaped, left).thenRun(() -> cleaned.complete(null));
  }

  /** Without a control group there is its PID namespace, which ends with its first process. */
  private void killFirst() {
    Optional<ProcessFd> first = pid == 0 ? Optional.empty() : ProcessFd.find(pid);
    first.ifPresent(process -> {
      try (process) {
        process.signal(KILL);
      }
    });
  }

  /** Finds out what became of the run while no engine looked. */
  void adopt() {
    group =
        undo.exists()
            ? Preparation.group(workload, host, DeviceNodes.of(workload)).orElse(null)
            : null;
    Optional<FoundMonitor> found = FoundMonitor.in(place.run());
    Optional<Monitor.State> now = found.flatMap(FoundMonitor::state);
    if (now.isPresent() && now.get().phase() != Monitor.Phase.CREATED) {
      pid = now.get().pid();
      state = SandboxState.RUNNING;
      watchAdopted(found.get());
      return;
    }
    found.ifPresent(this::killUnstarted);
    left.complete(null);
    if (undo.exists() || ExitRecord.read(place.run()).isPresent()) {
      ended();
      host.endings().remove(place.run(), left);
    }
  }

  /** The engine was killed in the middle of a start: nobody was told of it, so it never was. */
  private void killUnstarted(FoundMonitor found) {
    try (var process = found.process();
        var _ = found.connection()) {
      process.signal(KILL);
      group().ifPresent(Cgroup::kill);
    }
  }

  /**
   * The monitor says an end on every connection, and hangs up; its own end comes later, once the
   * mounts are down.
   */
  private void watchAdopted(FoundMonitor found) {
    host.loop()
        .onceReadable(
            found.connection().fd(),
            () -> {
              found.connection().close();
              ended();
              awaitEnd(found.process(), false);
            });
  }

  void signal(int number) {
    if (!monitor.signal(number) && state == SandboxState.RUNNING && exit.isDone()) {
      throw new SandboxException(
          SandboxException.Kind.WRONG_STATE, workload.name() + " has ended already");
    }
  }

  synchronized Attachment attach() {
    MonitorAttachment attachment = new MonitorAttachment(monitor);
    switch (state) {
      case CREATED -> waiting.add(attachment);
      case RUNNING, PAUSED -> {
        try {
          attachment.join();
        } catch (IOException ended) {
          attachment.abandon();
        }
      }
      case EXITED -> attachment.abandon();
    }
    return attachment;
  }

  /** Removes what the run left in its place. */
  void discard() {
    try {
      ExitRecord.discard(place.run());
      Files.deleteIfExists(place.run().resolve("control.sock"));
    } catch (IOException failed) {
      throw new SandboxException(SandboxException.Kind.FAILED, "clean " + place.run(), failed);
    }
  }
}
