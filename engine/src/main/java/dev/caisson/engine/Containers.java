/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import dev.caisson.engine.spec.CommitSpec;
import dev.caisson.engine.spec.CopySpec;
import dev.caisson.engine.spec.ExecSpec;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.ResourceSpec;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.view.Created;
import dev.caisson.engine.view.ExecInfo;
import dev.caisson.engine.view.ExitStatus;
import dev.caisson.engine.view.FileChange;
import dev.caisson.engine.view.InstanceInfo;
import dev.caisson.engine.view.InstanceSummary;
import dev.caisson.engine.view.LogRecord;
import dev.caisson.engine.view.PathStat;
import dev.caisson.engine.view.ProcessTable;
import dev.caisson.engine.view.PruneReport;
import dev.caisson.engine.view.Stats;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Containers of every isolation. A {@code reference} is a full id, an unambiguous prefix of one, or
 * a name; an unknown one is {@link EngineException.Kind#NOT_FOUND}, an ambiguous prefix {@link
 * EngineException.Kind#INVALID}.
 */
public interface Containers {
  /**
   * Makes a container without starting it.
   *
   * @throws EngineException CONFLICT when the name is taken; NOT_FOUND when the image, a network or
   *     a container named in the specification is missing; INVALID; UNSUPPORTED when the isolation
   *     cannot do what is asked
   */
  Created create(InstanceSpec spec);

  /**
   * Starts a created or stopped container.
   *
   * @throws EngineException NOT_MODIFIED when it runs already; COMMAND_NOT_FOUND, NOT_EXECUTABLE
   *     and others when it cannot start. The container remains, with {@code state.error} set
   */
  void start(String reference);

  /**
   * Sends the stop signal, waits, then kills.
   *
   * @param timeout empty for the container's own (10 s unless it says otherwise); negative waits
   *     for ever
   * @throws EngineException NOT_MODIFIED when it is not running
   */
  void stop(String reference, Optional<String> signal, Optional<Duration> timeout);

  /**
   * {@link #stop} if it runs, then {@link #start}; parameters as there.
   *
   * @throws EngineException what these throw
   */
  void restart(String reference, Optional<String> signal, Optional<Duration> timeout);

  /**
   * @param signal a name with or without SIG, or a number
   * @throws EngineException CONFLICT when it is not running
   */
  void kill(String reference, String signal);

  /**
   * Makes its processes stand still.
   *
   * @throws EngineException CONFLICT when it does not run or stands still already
   */
  void pause(String reference);

  /**
   * Lets its processes go on.
   *
   * @throws EngineException CONFLICT when it is not paused
   */
  void unpause(String reference);

  /**
   * Takes effect on the running container at once. Fields left empty stay as they are.
   *
   * @return warnings
   * @throws EngineException INVALID; CONFLICT while it is being removed
   */
  List<String> update(
      String reference, ResourceSpec resources, Optional<RestartPolicy> restartPolicy);

  /**
   * @throws EngineException CONFLICT when the name is taken; INVALID for what is no name, or its
   *     own
   */
  void rename(String reference, String name);

  /**
   * Takes it away with all it has written.
   *
   * @param force kills a running one first
   * @param volumes removes its anonymous volumes too
   * @throws EngineException CONFLICT when it runs and is not to be killed
   */
  void remove(String reference, boolean force, boolean volumes);

  /** Registered when this returns; completes when the condition holds. */
  CompletableFuture<ExitStatus> exit(String reference, WaitCondition condition);

  /**
   * All about one container.
   *
   * @param sizes also counts what it has written, which takes as long as it has files
   */
  InstanceInfo inspect(String reference, boolean sizes);

  /**
   * @param all also those that do not run
   * @param limit the newest so many, created or running; 0 for no limit
   */
  List<InstanceSummary> list(boolean all, int limit, boolean sizes, Filters filters);

  /**
   * @throws EngineException UNSUPPORTED with the log driver {@code none}
   */
  Feed<LogRecord> logs(String reference, LogOptions options);

  /** Connects to the standard streams. Works on a created container: output begins at its start. */
  Attachment attach(String reference, AttachOptions options);

  /** Tells its terminal how large the one of the caller is, in characters. */
  void resize(String reference, int rows, int columns);

  /**
   * Its processes, numbered as the host numbers them.
   *
   * @param psArguments as ps(1) takes them; empty for {@code -ef}
   * @throws EngineException CONFLICT when it does not run
   */
  ProcessTable top(String reference, List<String> psArguments);

  /** One sample now; {@link Stats#previous} is empty. */
  Stats stats(String reference);

  /** A sample each second until the container is removed; the first comes at once. */
  Feed<Stats> statsFeed(String reference);

  /** What differs from its image, by absolute path. */
  List<FileChange> changes(String reference);

  /** The container's merged file system as a tar stream. */
  void export(String reference, OutputStream tar);

  /**
   * What lies at a path, links not followed.
   *
   * @throws EngineException NOT_FOUND
   */
  PathStat stat(String reference, String path);

  /** {@code path} and what lies beneath it as a tar stream whose first entry is its base name. */
  void copyOut(String reference, String path, OutputStream tar);

  /** Unpacks a tar stream into the directory {@code path}; never outside the container's root. */
  void copyIn(String reference, String path, InputStream tar, CopySpec options);

  /** Makes an image of the container's changes; returns its id. */
  String commit(String reference, CommitSpec commit);

  /** Prepares a command in a running container; returns the exec's id. */
  String createExec(String reference, ExecSpec spec);

  /** Starts it with its streams connected. */
  Attachment startExec(String execId);

  /** Starts it with its streams discarded. */
  void startExecDetached(String execId);

  /** As {@link #resize}, for an exec with a terminal. */
  void resizeExec(String execId, int rows, int columns);

  /**
   * How an exec is; known for five minutes after its end.
   *
   * @throws EngineException NOT_FOUND
   */
  ExecInfo inspectExec(String execId);

  /** Waits for the end of a started exec; returns its exit code. */
  int execExit(String execId);

  /** Removes what is not running and matches. */
  PruneReport prune(Filters filters);

  /**
   * Compiles without running: how the workload would be started, or, where {@code spec} names no
   * image but a container, how that is.
   *
   * @param json machine-readable instead of a table
   */
  String explain(InstanceSpec spec, boolean json);
}
