/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import java.nio.channels.ByteChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;

/** A machine that was started. All methods may be called from any thread. */
public interface RunningMachine extends AutoCloseable {
  /** The host's end of the port called caisson.control. */
  ByteChannel control();

  /** Completes, never exceptionally, when the machine is off, with a cause for people. */
  CompletableFuture<String> ended();

  /** Returns when no vCPU runs any more. */
  void pause();

  void resume();

  /**
   * Keeps the paused machine: memory, processors and devices. It stays paused.
   *
   * @param directory must not exist; it appears whole or not at all
   * @throws dev.caisson.sandbox.SandboxException UNSUPPORTED where its engine keeps none; FAILED,
   *     for want of room among others
   */
  void save(Path directory);

  /**
   * Holds it to processors of the host from now on; it keeps the number of its own.
   *
   * @throws dev.caisson.sandbox.SandboxException UNSUPPORTED or FAILED when the host cannot; it
   *     stays where it was
   */
  void use(HostProcessors chosen);

  /** The process of its own that runs it, if it has one. */
  OptionalLong pid();

  /** Host CPU time spent on it so far. */
  Duration cpuTime();

  /** Bytes of host memory it holds. */
  long memoryUse();

  /** Power off at once, and wait until everything of it is gone. */
  @Override
  void close();
}
