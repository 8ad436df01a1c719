/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.run.Launch;
import dev.caisson.launch.run.Launcher;
import dev.caisson.launch.run.Report;
import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.process.ProcessFd;
import dev.caisson.linux.process.Signal;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.stub.Stub;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A process that a launch plan started, and its launcher, which waits for it. */
final class LaunchedProcess implements AutoCloseable {
  private static final long STACK = 64 << 10;

  private final Launch launch;
  private final ProcessFd process;
  private final CompletableFuture<Integer> ended = new CompletableFuture<>();
  private boolean reaped;

  private LaunchedProcess(Launch launch, ProcessFd process) {
    this.launch = launch;
    this.process = process;
  }

  /**
   * @param passed what the plan calls by number; stays the caller's, as the streams do
   * @throws SandboxException FAILED with the step that failed
   */
  static LaunchedProcess start(
      LaunchPlan plan, Launcher.Streams streams, List<Fd> passed, String name) {
    Launch launch;
    try (var launcher = new Launcher(Stub.program())) {
      launch = launcher.start(plan, streams, passed);
    }
    int pid = running(launch);
    // Its launcher waits for it, so that the number is its own until we ask for the launcher's end.
    var started = new LaunchedProcess(launch, ProcessFd.open(pid));
    Thread.ofPlatform().daemon().name("wait for " + name).stackSize(STACK).start(started::reap);
    return started;
  }

  private static int running(Launch launch) {
    Report report = launch.next().orElse(null);
    if (report instanceof Report.Running running) {
      return running.pid();
    }
    launch.process().await();
    launch.close();
    if (report instanceof Report.Failed failed) {
      String step =
          failed.step() < 0 || failed.step() >= launch.plan().steps().size()
              ? "?"
              : launch.plan().steps().get(failed.step()).name();
      throw new SandboxException(
          SandboxException.Kind.FAILED,
          "step %d of %d, %s: %s: %s"
              .formatted(
                  failed.step() + 1,
                  launch.plan().steps().size(),
                  step,
                  failed.detail(),
                  Errno.of(failed.errno())));
    }
    throw new SandboxException(SandboxException.Kind.FAILED, "its launcher reported " + report);
  }

  private void reap() {
    int code = -1;
    for (var report = launch.next(); report.isPresent(); report = launch.next()) {
      if (report.get() instanceof Report.Exited exited) {
        code = exited.code();
      }
    }
    launch.process().await();
    synchronized (this) {
      reaped = true;
      process.close();
      launch.close();
    }
    ended.complete(code);
  }

  int pid() {
    return process.pid();
  }

  /** Completes with its exit status when it has ended and nothing of it is left. */
  CompletableFuture<Integer> ended() {
    return ended.copy();
  }

  /** Kills it and waits. */
  @Override
  public void close() {
    synchronized (this) {
      if (!reaped) {
        process.signal(Signal.KILL);
      }
    }
    ended.join();
  }
}
