/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import dev.caisson.engine.spec.VolumeSpec;
import dev.caisson.engine.view.PruneReport;
import dev.caisson.engine.view.VolumeInfo;
import java.util.List;

/** Named and anonymous volumes. */
public interface Volumes {
  /** Creating one that exists with the same driver returns it. */
  VolumeInfo create(VolumeSpec spec);

  /**
   * @throws EngineException NOT_FOUND
   */
  VolumeInfo inspect(String name);

  /**
   * @throws EngineException INVALID for a filter there is not
   */
  List<VolumeInfo> list(Filters filters);

  /**
   * Removes it with all that is in it.
   *
   * @param force makes a missing one no error
   * @throws EngineException NOT_FOUND; CONFLICT while a container names it
   */
  void remove(String name, boolean force);

  /** Anonymous unused ones; with the filter {@code all=true} named ones too. */
  PruneReport prune(Filters filters);
}
