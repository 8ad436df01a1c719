/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.text.Signal;
import dev.caisson.engine.view.ExitStatus;
import dev.caisson.engine.view.Status;
import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.SandboxState;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** How one container is made to end: signal, patience, SIGKILL. */
final class Ending {
  /** After SIGKILL only the kernel itself can hold a process up. */
  private static final Duration DEATH = Duration.ofSeconds(10);

  private final Turns turns;
  private final InstanceRecord record;
  private final InstanceSandbox sandbox;
  private final Pauses pauses;
  private final Runs runs;

  Ending(Turns turns, InstanceRecord record, InstanceSandbox sandbox, Pauses pauses, Runs runs) {
    this.turns = turns;
    this.record = record;
    this.sandbox = sandbox;
    this.pauses = pauses;
    this.runs = runs;
  }

  /**
   * @param patience between signal and SIGKILL; negative: for ever
   */
  void stop(int signal, Duration patience) {
    var over = turns.get(() -> beginStop(signal));
    if (ended(over, patience).isEmpty()) {
      var unused = turns.get(() -> beginKill(Signal.KILL)); // over tells
      if (ended(over, DEATH).isEmpty()) {
        throw undying();
      }
    }
    record.event("stop");
  }

  private CompletableFuture<ExitStatus> beginStop(int signal) {
    record.requirePresent();
    if (record.progress().status() == Status.RESTARTING) {
      runs.endWaiting();
      return CompletableFuture.completedFuture(record.lastExit());
    }
    if (!record.running()) {
      throw EngineException.notModified("container " + record.name() + " is not running");
    }
    record.saveFact(record.progress().stoppedByHand(true));
    var over = record.exit(WaitCondition.NOT_RUNNING);
    send(signal);
    return over;
  }

  /** A killed container has exited once this returns, as whoever removes it next expects. */
  void kill(int signal) {
    var over = turns.get(() -> beginKill(signal));
    if (signal == Signal.KILL) {
      var unused = ended(over, DEATH); // the signal is sent, which is all that was asked for
    }
  }

  private CompletableFuture<ExitStatus> beginKill(int signal) {
    record.requirePresent();
    if (!record.running()) {
      throw EngineException.conflict(
          "cannot kill container: %s: container %s is not running"
              .formatted(record.name(), record.definition().id()),
          "caisson start " + record.name());
    }
    if (signal == Signal.KILL) {
      record.saveFact(record.progress().stoppedByHand(true));
    }
    var over = record.exit(WaitCondition.NOT_RUNNING);
    send(signal);
    return over;
  }

  /** Kills and books the exit. Turn taken. */
  void now() {
    runs.cancelRestart();
    record.assume(record.progress().stoppedByHand(true));
    var current = sandbox.current();
    if (!record.running() || current.isEmpty()) {
      record.save(record.progress().at(Status.EXITED));
      return;
    }
    send(Signal.KILL);
    Optional<Exit> exit = ended(current.get().exit(), DEATH);
    if (exit.isPresent()) {
      runs.finish(exit.get());
    } else if (!Thread.currentThread().isInterrupted()) {
      throw undying();
    }
  }

  private void send(int signal) {
    var found = sandbox.current();
    if (found.isEmpty()) {
      return;
    }
    var target = found.get();
    try {
      target.signal(signal);
    } catch (RuntimeException e) {
      if (target.state() != SandboxState.EXITED) {
        throw e;
      }
    }
    record.event("kill", Map.of("signal", String.valueOf(signal)));
    if (signal == Signal.KILL) {
      pauses.thawForKill(target);
    }
  }

  private EngineException undying() {
    return new EngineException(
        EngineException.Kind.INTERNAL,
        record.name() + " does not die: the kernel holds a process of it",
        "look for tasks in state D with caisson top " + record.name(),
        null);
  }

  private static <T> Optional<T> ended(CompletableFuture<T> over, Duration patience) {
    try {
      return Optional.of(
          patience.isNegative()
              ? over.get()
              : over.get(patience.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException("an exit never fails", e);
    }
  }
}
