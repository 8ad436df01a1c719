/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import dev.caisson.engine.spec.CloneSpec;
import dev.caisson.engine.view.Created;
import dev.caisson.engine.view.PruneReport;
import dev.caisson.engine.view.SnapshotInfo;
import java.util.List;

/** Containers kept as they ran, from which any number go on. */
public interface Snapshots {
  /**
   * Keeps a running container: memory, processors, devices, and what it has written to its root and
   * to its anonymous volumes. It stands still meanwhile. After a crash the snapshot is there whole
   * or not at all.
   *
   * @param name letters, digits, {@code _ . -}, at most 128
   * @param goOn whether the container runs on; else it is killed where the snapshot stands
   * @throws EngineException CONFLICT when it does not run, is paused, or the name is taken;
   *     UNSUPPORTED when its isolation, or what runs it, cannot; INTERNAL, for want of room among
   *     others: then it runs on
   */
  SnapshotInfo create(String container, String name, boolean goOn);

  /**
   * @throws EngineException NOT_FOUND; INVALID when its record is damaged
   */
  SnapshotInfo inspect(String name);

  /**
   * By name.
   *
   * @param filters {@code name}, {@code container} (an id, or the name it had)
   */
  List<SnapshotInfo> list(Filters filters);

  /**
   * Takes it away. Containers that began there run on.
   *
   * @throws EngineException NOT_FOUND
   */
  void remove(String name);

  /**
   * Removes those whose container is gone; with the filter {@code all=true} all of them. {@code
   * until} spares younger ones.
   */
  PruneReport prune(Filters filters);

  /**
   * Makes a container that is as the one that was kept, without starting it.
   *
   * @throws EngineException NOT_FOUND, CONFLICT, INVALID as {@link Containers#create}
   */
  Created makeContainer(String name, CloneSpec spec);

  /**
   * Starts a created or stopped container where the snapshot stands. What it has written before to
   * its root and its anonymous volumes is replaced by what was kept. Its next start begins anew.
   *
   * @throws EngineException NOT_MODIFIED when it runs already; INVALID when it is of another image
   *     or has other mounts, or the snapshot is damaged; UNSUPPORTED when the snapshot does not fit
   *     this host
   */
  void start(String name, String container);
}
