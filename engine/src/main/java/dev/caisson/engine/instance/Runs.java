/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.view.Health;
import dev.caisson.engine.view.Status;
import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.Sandbox;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The runs of one container: begins them, books their ends, and does what follows from an end. */
final class Runs {
  private static final System.Logger LOG = System.getLogger(Runs.class.getName());

  private final Surroundings around;
  private final Turns turns;
  private final InstanceRecord record;
  private final InstanceSandbox sandbox;
  private final Pauses pauses;
  private final Removal removal;
  private final Restarts restarts;
  private volatile @Nullable HealthMonitor health;

  Runs(
      Surroundings around,
      Turns turns,
      InstanceRecord record,
      InstanceSandbox sandbox,
      Pauses pauses,
      Removal removal) {
    this.around = around;
    this.turns = turns;
    this.record = record;
    this.sandbox = sandbox;
    this.pauses = pauses;
    this.removal = removal;
    this.restarts = new Restarts(around.timer(), this::onceSettled, this::startByPolicy);
  }

  private void onceSettled(Runnable work) {
    var unused = // its failures are logged where they happen
        around.settled().thenRunAsync(work, around.background());
  }

  Optional<Health> health() {
    var monitor = health;
    return monitor == null ? Optional.empty() : Optional.of(monitor.health());
  }

  /** Starts by hand: counts restarts from zero again. */
  void start() {
    start(Sandbox::start);
  }

  /**
   * As {@link #start()}, in another way.
   *
   * @param how starts the sandbox
   */
  void start(Consumer<Sandbox> how) {
    turns.run(() -> {
      record.requirePresent();
      if (pauses.paused()) {
        throw EngineException.conflict(
            "cannot start a paused container, try unpause instead",
            "caisson unpause " + record.name());
      }
      if (record.running()) {
        throw EngineException.notModified("container " + record.name() + " is already running");
      }
      restarts.cancel();
      record.assume(record.progress().fresh());
      runOrRemove(how);
    });
  }

  /**
   * A failed start ends an auto-remove container as an exit would: whoever waits for its removal is
   * told.
   */
  private void runOrRemove(Consumer<Sandbox> how) {
    try {
      run(how);
    } catch (EngineException failure) {
      removeAfter(failure);
      throw failure;
    }
  }

  /** What stood in the way of a start is what is told, also where its remains cannot be removed. */
  private void removeAfter(EngineException failure) {
    if (!record.definition().spec().autoRemove()) {
      return;
    }
    try {
      removal.byItself();
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.WARNING, "cannot remove all of " + record.name(), e);
      failure.addSuppressed(e);
    }
  }

  private void run(Consumer<Sandbox> how) {
    try {
      var ready = sandbox.ready();
      how.accept(ready);
      record.save(record.progress().running(around.clock().instant()));
      watch(ready);
    } catch (RuntimeException failure) {
      var told = cameToNothing(failure);
      var reason = String.valueOf(told.getMessage());
      throw new EngineException(told.kind(), startFailure(reason), told.remedy(), told);
    }
    record.volumesMounted();
    record.event("start");
  }

  private EngineException cameToNothing(RuntimeException failure) {
    var told = Failures.translate(failure);
    sandbox.drop();
    int code = told.kind().exitCode() == 125 ? 128 : told.kind().exitCode();
    var reason = String.valueOf(told.getMessage());
    record.saveFact(record.progress().failed(code, reason, around.clock().instant()));
    return told;
  }

  /**
   * What the next run will be in, for who wants its streams from the beginning. What stands in its
   * way ends it as a start that fails: nothing is left behind then either. Turn taken.
   */
  Sandbox prepared() {
    try {
      return sandbox.ready();
    } catch (RuntimeException failure) {
      if (record.active()) {
        throw failure; // a restart is due, which will meet the same and tell it
      }
      var told = cameToNothing(failure);
      removeAfter(told);
      throw told;
    }
  }

  /** An isolation that knows steps tells whose they were itself. */
  private String startFailure(String reason) {
    return reason.startsWith(record.name()) ? reason : record.name() + " did not start: " + reason;
  }

  /** Begins to watch a run. Turn taken. */
  void watch(Sandbox running) {
    pauses.began(running);
    health = HealthMonitor.watch(record, pauses, running, around).orElse(null);
    var unused = // its failures are logged where they happen
        running
            .exit()
            .thenAcceptBothAsync(
                around.settled(), (exit, settled) -> ended(running, exit), around.background());
  }

  private void ended(Sandbox which, Exit exit) {
    try {
      turns.run(() -> {
        if (sandbox.is(which) && record.running()) {
          finish(exit);
        }
      });
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "after the exit of " + record.name(), e);
    }
  }

  /** Books an exit and does what follows from it. Turn taken. */
  void finish(Exit exit) {
    release();
    pauses.ended();
    var before = record.progress();
    boolean again = comesBack(before, exit);
    var next = before.exited(exit.code(), exit.outOfMemory(), exit.finishedAt());
    boolean leaves = !again && record.definition().spec().autoRemove();
    if (leaves) {
      record.assume(next); // its removal writes that down
    } else {
      record.saveFact(again ? next.restarting(next.restartCount() + 1) : next);
    }
    if (exit.outOfMemory()) {
      record.event("oom");
    }
    record.event("die", Map.of("exitCode", String.valueOf(exit.code())));
    record.exited(again);
    sandbox.unlink(before.network());
    record.volumesUnmounted();
    if (again) {
      var started = before.startedAt().orElse(exit.finishedAt());
      restarts.after(Duration.between(started, exit.finishedAt()));
    } else if (leaves) {
      removeItself();
    }
  }

  private boolean comesBack(Progress before, Exit exit) {
    return Backoff.wanted(
        record.definition().spec().restartPolicy(),
        exit.code(),
        before.restartCount(),
        before.stoppedByHand());
  }

  private void removeItself() {
    boolean hasVolumes = record.definition().mounts().stream().anyMatch(mount -> mount.anonymous());
    if (hasVolumes) {
      removal.byItself(); // they go with it, once nothing has them mounted
    } else {
      removal.behindItsTelling();
    }
  }

  /** What a policy asks for when the engine comes up. Turn taken. */
  void resume() {
    var policy = record.definition().spec().restartPolicy().name();
    var status = record.progress().status();
    if (status == Status.RESTARTING) {
      restarts.now();
    } else if (policy == RestartPolicy.Name.ALWAYS && status == Status.EXITED) {
      restarts.now();
    } else if (record.definition().spec().autoRemove() && status == Status.EXITED) {
      removal.byItself();
    }
  }

  private void startByPolicy() {
    try {
      turns.run(() -> {
        if (restarts.take() && !record.running() && !record.removing()) {
          record.assume(record.progress().stoppedByHand(false));
          runOrTryAgain();
        }
      });
    } catch (EngineException e) {
      LOG.log(System.Logger.Level.WARNING, "restart of {0}: {1}", record.name(), e.getMessage());
    }
  }

  /**
   * What stands in the way of a start may go away, as a port that is taken or a mount that is not
   * there yet: such a start counts as a run that ended at once. The state says what it was.
   */
  private void runOrTryAgain() {
    try {
      run(Sandbox::start);
    } catch (EngineException failure) {
      LOG.log(
          System.Logger.Level.WARNING, "restart of {0}: {1}", record.name(), failure.getMessage());
      var failed = record.progress();
      var policy = record.definition().spec().restartPolicy();
      boolean again = Backoff.wanted(policy, failed.exitCode(), failed.restartCount(), false);
      if (again) {
        record.saveFact(failed.restarting(failed.restartCount() + 1));
        restarts.after(Duration.ZERO);
      }
      record.exited(again);
    }
  }

  /** No restart that was asked for comes any more. */
  void cancelRestart() {
    restarts.cancel();
  }

  /** For one that waited for its restart: it is over now. Turn taken. */
  void endWaiting() {
    restarts.cancel();
    record.save(record.progress().at(Status.EXITED).stoppedByHand(true));
    record.exited(false);
  }

  /** Stops asking for health; what runs goes on. */
  void release() {
    var monitor = health;
    if (monitor != null) {
      monitor.stop();
    }
  }
}
