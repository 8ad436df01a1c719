/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.container;

import dev.caisson.cli.console.Console;
import dev.caisson.engine.AttachOptions;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.view.ExitStatus;
import java.util.concurrent.CompletableFuture;

/** A caller and a container bound together: streams, signals, size, exit code. */
final class Foreground {
  private static final int SIGCHLD = 17;
  private static final int SIGWINCH = 28;
  private static final int SIGURG = 23;
  private static final int SIGPIPE = 13;

  private final Console console;
  private final Engine engine;
  private final String container;
  private final boolean signalProxy;

  Foreground(Console console, Engine engine, String container, boolean signalProxy) {
    this.console = console;
    this.engine = engine;
    this.container = container;
    this.signalProxy = signalProxy;
  }

  /**
   * @param options which of the container's streams are joined to the caller's
   * @param over completes with the exit; registered before the start
   * @param start called once the streams are joined, so that no output is missed
   * @return the container's exit code, 0 after detaching
   */
  int run(AttachOptions options, CompletableFuture<ExitStatus> over, Runnable start) {
    try (var streams = engine.containers().attach(container, options)) {
      if (signalProxy) {
        console.onSignal(this::pass);
      }
      start.run();
      new Duplex(console, streams).run(options.stdin());
      if (streams.detached()) {
        return 0;
      }
    }
    return over.join().code();
  }

  private void pass(int signal) {
    if (signal == SIGCHLD || signal == SIGWINCH || signal == SIGURG || signal == SIGPIPE) {
      return;
    }
    try {
      engine.containers().kill(container, String.valueOf(signal));
    } catch (EngineException e) {
      // It has ended already; its exit code is on the way.
    }
  }
}
