/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox;

import dev.caisson.sandbox.workload.Workload;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;

/**
 * One workload behind one wall, for one run: created, running (or paused), exited.
 *
 * <p>Whatever only some sandboxes can do is an interface of {@code dev.caisson.sandbox.ability};
 * ask with {@link #ability}. All methods may be called from any thread.
 */
public interface Sandbox {
  Workload workload();

  SandboxState state();

  /**
   * Starts the workload's first process and returns once it has been executed.
   *
   * @throws SandboxException NOT_FOUND or NOT_EXECUTABLE for the command itself, FAILED with the
   *     step that failed otherwise; everything is undone again then
   */
  void start();

  /**
   * Sends a signal to the first process.
   *
   * @param signal a Linux signal number, 1 to 64
   * @throws SandboxException WRONG_STATE if nothing runs
   */
  void signal(int signal);

  /**
   * Completes when the run has ended, its status is on disk, and its processes are gone. Never
   * completes exceptionally, and never before {@link #start}. What is left of the run on the host
   * is taken away in the background; {@link #delete} waits for that.
   */
  CompletableFuture<Exit> exit();

  /** The first process as the host sees it; empty when not running or not a host process. */
  OptionalInt pid();

  /**
   * Kills what runs and removes everything made on the host, written files included. Repeatable.
   */
  void delete();

  /** This sandbox as something that can do more, or empty if it cannot. */
  default <A> Optional<A> ability(Class<A> type) {
    return type.isInstance(this) ? Optional.of(type.cast(this)) : Optional.empty();
  }
}
