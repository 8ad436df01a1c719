/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.view.NetworkView;
import dev.caisson.engine.view.Status;
import java.time.Instant;
import java.util.Optional;

/**
 * How far a container has come; stored at each step.
 *
 * @param status PAUSED is never stored: the sandbox knows
 * @param error why the last start failed; empty if it did not
 * @param restartCount restarts by policy since the last start by hand
 * @param stoppedByHand so that the policy leaves it stopped
 * @param held stands still because of us, not because somebody paused it
 * @param network in effect from shortly before the start until the exit
 */
public record Progress(
    Status status,
    int exitCode,
    boolean oomKilled,
    String error,
    Optional<Instant> startedAt,
    Optional<Instant> finishedAt,
    int restartCount,
    boolean stoppedByHand,
    boolean held,
    NetworkView network) {

  /** Nothing has happened yet. */
  public static Progress created() {
    return new Progress(
        Status.CREATED,
        0,
        false,
        "",
        Optional.empty(),
        Optional.empty(),
        0,
        false,
        false,
        NetworkView.none());
  }

  Progress linked(NetworkView view) {
    return new Progress(
        status,
        exitCode,
        oomKilled,
        error,
        startedAt,
        finishedAt,
        restartCount,
        stoppedByHand,
        held,
        view);
  }

  Progress running(Instant since) {
    return new Progress(
        Status.RUNNING,
        0,
        false,
        "",
        Optional.of(since),
        finishedAt,
        restartCount,
        false,
        false,
        network);
  }

  Progress exited(int code, boolean outOfMemory, Instant at) {
    return new Progress(
        Status.EXITED,
        code,
        outOfMemory,
        "",
        startedAt,
        Optional.of(at),
        restartCount,
        stoppedByHand,
        false,
        NetworkView.none());
  }

  /** A start that came to nothing: the state before it, with the reason. */
  Progress failed(int code, String reason, Instant at) {
    var after = status == Status.CREATED ? Status.CREATED : Status.EXITED;
    return new Progress(
        after,
        code,
        false,
        reason,
        startedAt,
        after == Status.CREATED ? finishedAt : Optional.of(at),
        restartCount,
        stoppedByHand,
        false,
        NetworkView.none());
  }

  Progress restarting(int count) {
    return new Progress(
        Status.RESTARTING,
        exitCode,
        oomKilled,
        error,
        startedAt,
        finishedAt,
        count,
        stoppedByHand,
        held,
        network);
  }

  Progress stoppedByHand(boolean value) {
    return new Progress(
        status,
        exitCode,
        oomKilled,
        error,
        startedAt,
        finishedAt,
        restartCount,
        value,
        held,
        network);
  }

  Progress held(boolean value) {
    return new Progress(
        status,
        exitCode,
        oomKilled,
        error,
        startedAt,
        finishedAt,
        restartCount,
        stoppedByHand,
        value,
        network);
  }

  Progress at(Status value) {
    return new Progress(
        value,
        exitCode,
        oomKilled,
        error,
        startedAt,
        finishedAt,
        restartCount,
        stoppedByHand,
        held,
        network);
  }

  Progress fresh() {
    return new Progress(
        status, exitCode, oomKilled, error, startedAt, finishedAt, 0, false, held, network);
  }
}
