/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import dev.caisson.engine.spec.RegistryAuth;
import dev.caisson.engine.view.DiskUsage;
import dev.caisson.engine.view.Finding;
import dev.caisson.engine.view.HostInfo;
import dev.caisson.engine.view.VersionInfo;
import java.nio.file.Path;
import java.util.List;

/** The machine and the engine on it. */
public interface Host {
  /** What {@code docker info} shows. */
  HostInfo info();

  /** A directory for temporary files of whoever works on the engine; emptied when it opens. */
  Path scratch();

  /** Which Caisson, kernel and Java these are. */
  VersionInfo version();

  /** Who holds how many bytes; takes as long as there are files. */
  DiskUsage diskUsage();

  /** What this host can and cannot do, with remedies. */
  List<Finding> doctor();

  /**
   * Checks credentials with a registry; returns an identity token or an empty text.
   *
   * @throws EngineException UNAUTHORIZED; UNAVAILABLE
   */
  String login(RegistryAuth auth);
}
