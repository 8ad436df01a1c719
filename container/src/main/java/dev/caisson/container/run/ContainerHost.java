/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.cgroup.Cgroups;
import dev.caisson.container.plan.Ground;
import dev.caisson.launch.run.Launcher;
import dev.caisson.linux.io.EventLoop;
import dev.caisson.linux.process.UserNamespace;
import dev.caisson.rootfs.layer.OverlayMarks;
import dev.caisson.sandbox.workload.Outline;
import dev.caisson.stub.Stub;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/** What all containers of one engine share: threads, the stub, and where control groups are. */
public final class ContainerHost {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final EventLoop loop = EventLoop.start("containers");
  private final GroupReaper reaper = new GroupReaper();
  private final Launcher launcher = new Launcher(Stub.program());
  private final ImageAccounts accounts = new ImageAccounts();
  private final Map<String, Container> containers = new ConcurrentHashMap<>();
  private final UserNamespace users = UserNamespace.own();
  private final Map<Path, CompletableFuture<Void>> endings = new ConcurrentHashMap<>();
  private final Optional<Cgroups> cgroups;
  private final ParkedStubs parked;

  /**
   * @param cgroups where limits can be set; empty if nowhere, as for an ordinary user without
   *     delegation
   */
  public ContainerHost(Optional<Cgroups> cgroups) {
    this(cgroups, PATIENCE);
  }

  /**
   * As {@link #ContainerHost(Optional)}.
   *
   * @param patience how long a container that was created may find its process parked
   */
  ContainerHost(Optional<Cgroups> cgroups, Duration patience) {
    this.cgroups = cgroups;
    this.parked = new ParkedStubs(cgroups, launcher, ground(), patience);
  }

  EventLoop loop() {
    return loop;
  }

  GroupReaper reaper() {
    return reaper;
  }

  Launcher launcher() {
    return launcher;
  }

  /** As {@link dev.caisson.sandbox.Isolation#readyId}. */
  public Optional<String> readyId(Outline outline, Supplier<String> ids) {
    return parked.reserve(outline, ids);
  }

  ParkedStubs parked() {
    return parked;
  }

  /** Runs that are over, whose monitor still takes down their mounts; by run directory. */
  Map<Path, CompletableFuture<Void>> endings() {
    return endings;
  }

  ImageAccounts accounts() {
    return accounts;
  }

  Map<String, Container> containers() {
    return containers;
  }

  /** What decides how common mounts are made. */
  Ground ground() {
    return new Ground(rootless(), users.single());
  }

  /** Whether we are root of an ordinary user's namespace only. */
  boolean rootless() {
    return !users.initial();
  }

  UserNamespace users() {
    return users;
  }

  Optional<Cgroups> cgroups() {
    return cgroups;
  }

  OverlayMarks marks() {
    return rootless() ? OverlayMarks.USER : OverlayMarks.TRUSTED;
  }
}
