/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.EngineException;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.SandboxState;
import dev.caisson.sandbox.ability.Pausable;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Whether one container stands still: because somebody paused it, or because the engine holds it
 * for a moment.
 */
final class Pauses {
  private static final System.Logger LOG = System.getLogger(Pauses.class.getName());

  private final Turns turns;
  private final InstanceRecord record;
  private final InstanceSandbox sandbox;
  private volatile boolean paused;

  Pauses(Turns turns, InstanceRecord record, InstanceSandbox sandbox) {
    this.turns = turns;
    this.record = record;
    this.sandbox = sandbox;
  }

  /** Whether somebody paused it. */
  boolean paused() {
    return paused;
  }

  /** A run begins to be watched; one that is taken over may stand still already. */
  void began(Sandbox run) {
    paused = run.state() == SandboxState.PAUSED;
  }

  void ended() {
    paused = false;
  }

  void pause() {
    turns.run(() -> {
      var running = sandbox.requireRunning();
      if (paused) {
        throw EngineException.conflict(
            "Container " + record.definition().id() + " is already paused",
            "caisson unpause " + record.name());
      }
      sandbox.ability(running, Pausable.class, "be paused").pause();
      paused = true;
      record.event("pause");
    });
  }

  void unpause() {
    turns.run(() -> {
      var running = sandbox.requireRunning();
      if (!paused) {
        throw EngineException.conflict(
            "Container " + record.definition().id() + " is not paused", "");
      }
      sandbox.ability(running, Pausable.class, "be paused").resume();
      paused = false;
      record.event("unpause");
    });
  }

  /**
   * Does something while the workload does nothing, if {@code wanted} and it can be held. A killed
   * engine lets it go on when it comes back.
   */
  <T> T during(boolean wanted, Supplier<T> work) {
    var held = wanted ? turns.get(this::hold) : Optional.<Sandbox>empty();
    try {
      return work.get();
    } finally {
      held.ifPresent(run -> turns.run(() -> letGo(run)));
    }
  }

  private Optional<Sandbox> hold() {
    if (!record.running() || paused || record.progress().held()) {
      return Optional.empty();
    }
    var current = sandbox.current();
    var pausable = current.flatMap(run -> run.ability(Pausable.class));
    if (pausable.isEmpty()) {
      return Optional.empty();
    }
    record.save(record.progress().held(true));
    pausable.get().pause();
    return current;
  }

  private void letGo(Sandbox held) {
    if (sandbox.is(held) && record.running() && record.progress().held()) {
      if (!paused) {
        thaw(held);
      }
      record.save(record.progress().held(false));
    }
  }

  /** Lets go what an engine held when it was killed. Turn taken. */
  void letGoOfLeftover(Sandbox run) {
    if (record.progress().held()) {
      thaw(run);
      record.save(record.progress().held(false));
    }
  }

  /** A frozen process is not even killed before it thaws. cgroup v1 freezer */
  void thawForKill(Sandbox run) {
    if (paused || record.progress().held()) {
      paused = false;
      thaw(run);
    }
  }

  private static void thaw(Sandbox run) {
    try {
      run.ability(Pausable.class).ifPresent(Pausable::resume);
    } catch (RuntimeException e) {
      // Where the kernel kills frozen processes, there is nothing left to thaw.
      LOG.log(System.Logger.Level.DEBUG, "not thawed: {0}", e.getMessage());
    }
  }
}
