/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.linux.process.ExitStatus;
import dev.caisson.linux.process.ProcessFd;
import dev.caisson.linux.process.Signal;
import dev.caisson.linux.process.Spawn;
import java.util.concurrent.CompletableFuture;

/** A process of ours, given just the files it needs, and waited for. */
final class ChildProcess implements AutoCloseable {
  private final ProcessFd process;
  private final CompletableFuture<ExitStatus> ended = new CompletableFuture<>();
  private boolean reaped;

  private ChildProcess(ProcessFd process) {
    this.process = process;
  }

  /**
   * @param name of the thread that waits for it
   * @throws dev.caisson.linux.LinuxException when it cannot be started
   */
  static ChildProcess start(Spawn spawn, String name) {
    var child = new ChildProcess(spawn.start());
    try {
      Thread.ofPlatform().daemon().name("wait for " + name).stackSize(64 << 10).start(child::reap);
      return child;
    } catch (Error noThread) {
      child.kill();
      child.reap();
      throw noThread;
    }
  }

  private void reap() {
    ExitStatus status = process.await();
    synchronized (this) {
      reaped = true;
      process.close();
    }
    ended.complete(status);
  }

  long pid() {
    return process.pid();
  }

  boolean isAlive() {
    return !ended.isDone();
  }

  /** Completes when it has ended and nothing of it is left. */
  CompletableFuture<ExitStatus> ended() {
    return ended;
  }

  private synchronized void kill() {
    if (!reaped) {
      process.signal(Signal.KILL);
    }
  }

  /** Kills it and waits. */
  @Override
  public void close() {
    kill();
    ended.join();
  }
}
