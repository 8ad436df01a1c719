/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.text.Signal;
import dev.caisson.engine.view.NetworkView;
import dev.caisson.engine.view.Status;
import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.SandboxState;
import java.time.Clock;
import java.time.Instant;

/**
 * After an engine was opened: finds out what became of one container meanwhile, and goes on with
 * what was being done.
 */
final class Adoption {
  private final Clock clock;
  private final InstanceRecord record;
  private final InstanceSandbox sandbox;
  private final Pauses pauses;
  private final Runs runs;
  private final Removal removal;
  private boolean networkKept;
  private volatile boolean done;

  Adoption(
      Clock clock,
      InstanceRecord record,
      InstanceSandbox sandbox,
      Pauses pauses,
      Runs runs,
      Removal removal) {
    this.clock = clock;
    this.record = record;
    this.sandbox = sandbox;
    this.pauses = pauses;
    this.runs = runs;
    this.removal = removal;
  }

  /** Turn taken. */
  void adopt() {
    if (record.removing()) {
      removal.byItself();
    } else if (record.definition().spec().temporary()) {
      removeLeftover();
    } else if (mayHaveRun() && sandbox.hasTraces()) {
      adopt(found());
    } else if (record.running()) {
      // The whole machine went down: nothing is left that could tell the status.
      runs.finish(new Exit(255, false, Instant.EPOCH, clock.instant()));
    } else {
      runs.resume();
    }
    done = true;
  }

  boolean done() {
    return done;
  }

  private boolean mayHaveRun() {
    return record.running()
        || record.progress().network().namespacePath().isPresent()
        || record.progress().status() == Status.CREATED && sandbox.wasPrepared();
  }

  /** Whoever worked with it is gone with the engine before. */
  private void removeLeftover() {
    if (sandbox.hasTraces()) {
      var found = sandbox.adopted();
      if (found.state() != SandboxState.EXITED) {
        found.signal(Signal.KILL);
      }
    }
    removal.byItself();
  }

  /** Whatever becomes of the attempt, what may be running keeps its network. */
  private Sandbox found() {
    try {
      return sandbox.current().orElseGet(sandbox::adopted);
    } catch (RuntimeException e) {
      if (record.running()) {
        keepNetwork();
      }
      throw e;
    }
  }

  private void keepNetwork() {
    if (!networkKept) {
      sandbox.adoptNetwork();
      networkKept = true;
    }
  }

  private void adopt(Sandbox found) {
    switch (found.state()) {
      case RUNNING, PAUSED -> goOn(found);
      case CREATED -> neverStarted();
      case EXITED -> {
        var exit = found.exit().join();
        if (record.running()) {
          runs.finish(exit);
        } else if (exit.startedAt().isAfter(Instant.EPOCH)) {
          record.assume(record.progress().running(exit.startedAt()));
          runs.finish(exit);
        } else { // ended in the middle of its start, with the engine
          neverStarted();
        }
      }
    }
  }

  private void goOn(Sandbox found) {
    keepNetwork();
    if (!record.running()) {
      record.save(record.progress().running(clock.instant()));
    }
    pauses.letGoOfLeftover(found);
    runs.watch(found);
  }

  private void neverStarted() {
    sandbox.drop();
    record.save(record.progress().linked(NetworkView.none()));
    runs.resume();
  }
}
