/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox;

import dev.caisson.sandbox.workload.Outline;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * One kind of wall around a workload, found by {@link java.util.ServiceLoader}.
 *
 * <p>Some isolations also are {@link dev.caisson.sandbox.ability.Explainable}. All methods may be
 * called from any thread.
 */
public interface Isolation {
  /** The word users write after {@code --isolation}, such as "container" or "thin". */
  String name();

  /** Why this host cannot offer it, with the remedy; empty where it works. */
  Optional<Unavailable> unavailable();

  /**
   * This isolation for an engine whose state is below a directory: what it keeps for all its
   * workloads, such as kernels, belongs there; what is of no use to the next engine belongs into
   * {@code aside} below it, which every engine finds empty.
   */
  default Isolation below(Path root) {
    return this;
  }

  /** The engine leaves: nothing is made ahead of need any more, and what was is taken away. */
  default void release() {}

  /** Whether what runs goes on when the engine leaves. */
  default boolean outlivesEngine() {
    return true;
  }

  /** Whether what runs can join further networks and leave some. */
  default boolean changesNetworks() {
    return true;
  }

  /**
   * Everything it needs of this host, one by one: what is there and, with a remedy, what is
   * missing.
   */
  default List<Diagnosis> diagnose() {
    return List.of();
  }

  /**
   * Looks at a workload before anything is made of it.
   *
   * @return what it asks for that this host lacks and that is left out, a sentence each
   * @throws SandboxException INVALID or UNSUPPORTED when it asks for what cannot be done
   */
  default List<String> review(Workload workload) {
    return List.of();
  }

  /**
   * The id by which a new workload starts soonest, where something made ahead of need bears one
   * already. It is kept for the caller alone, for a few seconds; whoever does not use it, or starts
   * later, loses nothing else.
   *
   * @param ids makes ids for what will be made ahead of need
   * @return empty if any id is as good as any other
   */
  default Optional<String> readyId(Outline outline, Supplier<String> ids) {
    return Optional.empty();
  }

  /**
   * Prepares a sandbox; nothing of the workload runs yet. Called again with the same place after
   * the former sandbox there has ended, it prepares another run that keeps the files written
   * before.
   *
   * @throws SandboxException INVALID or UNSUPPORTED when the workload asks for what cannot be done
   */
  Sandbox create(Workload workload, Place place);

  /**
   * Takes over what {@link #create} made in this place before the engine ended, in whatever state
   * it is now. What a run left behind on the host is undone first if the run is over.
   */
  Sandbox adopt(Workload workload, Place place);
}
