/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.view.NetworkView;
import dev.caisson.engine.view.Status;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Consumer;

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
    return with(draft -> draft.network = view);
  }

  Progress running(Instant since) {
    return with(draft -> {
      draft.status = Status.RUNNING;
      draft.ended(0, false, "");
      draft.startedAt = Optional.of(since);
      draft.stoppedByHand = false;
      draft.held = false;
    });
  }

  Progress exited(int code, boolean outOfMemory, Instant at) {
    return with(draft -> {
      draft.status = Status.EXITED;
      draft.ended(code, outOfMemory, "");
      draft.finishedAt = Optional.of(at);
      draft.held = false;
      draft.network = NetworkView.none();
    });
  }

  /** A start that came to nothing: the state before it, with the reason. */
  Progress failed(int code, String reason, Instant at) {
    return with(draft -> {
      if (status != Status.CREATED) {
        draft.status = Status.EXITED;
        draft.finishedAt = Optional.of(at);
      }
      draft.ended(code, false, reason);
      draft.held = false;
      draft.network = NetworkView.none();
    });
  }

  Progress restarting(int count) {
    return with(draft -> {
      draft.status = Status.RESTARTING;
      draft.restartCount = count;
    });
  }

  Progress stoppedByHand(boolean value) {
    return with(draft -> draft.stoppedByHand = value);
  }

  Progress held(boolean value) {
    return with(draft -> draft.held = value);
  }

  Progress at(Status value) {
    return with(draft -> draft.status = value);
  }

  /** As after no restart by policy and no stop by hand. */
  Progress fresh() {
    return with(draft -> {
      draft.restartCount = 0;
      draft.stoppedByHand = false;
    });
  }

  private Progress with(Consumer<Draft> change) {
    var draft = new Draft(this);
    change.accept(draft);
    return draft.progress();
  }

  /** A progress while it is changed. */
  private static final class Draft {
    private Status status;
    private int exitCode;
    private boolean oomKilled;
    private String error;
    private Optional<Instant> startedAt;
    private Optional<Instant> finishedAt;
    private int restartCount;
    private boolean stoppedByHand;
    private boolean held;
    private NetworkView network;

    Draft(Progress from) {
      status = from.status;
      exitCode = from.exitCode;
      oomKilled = from.oomKilled;
      error = from.error;
      startedAt = from.startedAt;
      finishedAt = from.finishedAt;
      restartCount = from.restartCount;
      stoppedByHand = from.stoppedByHand;
      held = from.held;
      network = from.network;
    }

    void ended(int code, boolean outOfMemory, String reason) {
      exitCode = code;
      oomKilled = outOfMemory;
      error = reason;
    }

    Progress progress() {
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
          network);
    }
  }
}
