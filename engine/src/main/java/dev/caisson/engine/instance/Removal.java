/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.view.ExitStatus;
import dev.caisson.engine.view.Status;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

/** Takes one container away. An engine that is killed meanwhile finds it REMOVING, and goes on. */
public final class Removal {
  private static final System.Logger LOG = System.getLogger(Removal.class.getName());

  private final Turns turns;
  private final InstanceRecord record;
  private final InstanceSandbox sandbox;
  private final Executor background;
  private final Runnable onRemoved;
  private final CompletableFuture<Void> cleared = new CompletableFuture<>();

  Removal(
      Turns turns,
      InstanceRecord record,
      InstanceSandbox sandbox,
      Executor background,
      Runnable onRemoved) {
    this.turns = turns;
    this.record = record;
    this.sandbox = sandbox;
    this.background = background;
    this.onRemoved = onRemoved;
  }

  /** Completes when what a removal takes away behind its telling is gone. */
  CompletableFuture<Void> cleared() {
    return cleared;
  }

  /** Somebody wants it gone. Turn taken. */
  void onDemand() {
    var last = begin();
    clear(true);
    tell(last);
  }

  /** It goes by itself, as it was told at create. Turn taken. */
  void byItself() {
    var last = begin();
    clear(false);
    tell(last);
  }

  /**
   * As {@link #byItself}, but who waits is told before what is left is taken away: mounts and files
   * that nobody can name any more. Turn taken.
   */
  void behindItsTelling() {
    tell(begin());
    background.execute(() -> {
      try {
        turns.run(() -> clear(false));
      } catch (RuntimeException e) {
        // The next engine finds it marked for removal.
        LOG.log(System.Logger.Level.WARNING, "cannot remove all of " + record.name(), e);
      } finally {
        cleared.complete(null);
      }
    });
  }

  private ExitStatus begin() {
    var last = record.lastExit();
    record.saveFact(record.progress().at(Status.REMOVING));
    return last;
  }

  private void clear(boolean durably) {
    sandbox.delete();
    record.delete(durably);
    sandbox.forget();
    cleared.complete(null);
  }

  private void tell(ExitStatus last) {
    onRemoved.run();
    record.removed(last);
  }
}
