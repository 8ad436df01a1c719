/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.cgroup.Cgroups;
import dev.caisson.linux.io.EventLoop;
import dev.caisson.linux.process.Credentials;
import dev.caisson.rootfs.layer.OverlayMarks;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/** What all containers of one engine share: threads, the stub, and where control groups are. */
public final class ContainerHost {
  private final EventLoop loop = EventLoop.start("containers");
  private final GroupReaper reaper = new GroupReaper();
  private final StubLauncher launcher = new StubLauncher();
  private final ImageAccounts accounts = new ImageAccounts();
  private final Map<String, Container> containers = new ConcurrentHashMap<>();
  private final boolean rootless = !Credentials.own().isRoot();
  private final Optional<Cgroups> cgroups;

  /**
   * @param cgroups where limits can be set; empty if nowhere, as for an ordinary user without
   *     delegation
   */
  public ContainerHost(Optional<Cgroups> cgroups) {
    this.cgroups = cgroups;
  }

  EventLoop loop() {
    return loop;
  }

  GroupReaper reaper() {
    return reaper;
  }

  StubLauncher launcher() {
    return launcher;
  }

  ImageAccounts accounts() {
    return accounts;
  }

  Map<String, Container> containers() {
    return containers;
  }

  boolean rootless() {
    return rootless;
  }

  Optional<Cgroups> cgroups() {
    return cgroups;
  }

  OverlayMarks marks() {
    return rootless ? OverlayMarks.USER : OverlayMarks.TRUSTED;
  }
}
