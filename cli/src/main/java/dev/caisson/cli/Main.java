/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli;

import dev.caisson.cli.command.ErrorText;
import dev.caisson.cli.dialog.FrontDoor;
import dev.caisson.cli.table.CommandRunner;
import dev.caisson.cli.table.CommandTable;
import dev.caisson.engine.Endpoint;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.remote.EngineDoor;
import dev.caisson.engine.remote.RemoteEngine;
import dev.caisson.linux.digest.LibraryDigests;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The engine as a process: {@code caisson engine}. Commands reach it through its front door. */
public final class Main {
  private Main() {}

  /** Seconds; what would be left undone then, the next engine does. */
  private static final int LONGEST_END = 30;

  static void main(String[] words) {
    int code = 0;
    if (List.of(words).contains("--help")) {
      System.out.print(EngineArguments.USAGE);
      return;
    }
    LibraryDigests.install(); // the launcher leaves out the compiler that makes the JDK's quick
    try {
      serve(EngineArguments.parse(List.of(words)));
    } catch (EngineException e) {
      ErrorText.print(System.err, e);
      code = e.kind().exitCode();
    }
    System.exit(code);
  }

  private static void serve(EngineArguments arguments) {
    var ended = new CountDownLatch(1);
    var closed = new CountDownLatch(1);
    // The process is over when its hooks are, whatever other threads are still about to do.
    Runtime.getRuntime().addShutdownHook(new Thread(() -> end(ended, closed), "end"));
    try {
      serve(arguments, ended);
    } finally {
      closed.countDown();
    }
  }

  private static void end(CountDownLatch ended, CountDownLatch closed) {
    ended.countDown();
    try {
      if (!closed.await(LONGEST_END, TimeUnit.SECONDS)) {
        System.err.println("caisson: the engine did not close in " + LONGEST_END + " s");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void serve(EngineArguments arguments, CountDownLatch ended) {
    try (var engine = Engine.open(arguments.options())) {
      var runner = new CommandRunner(engine, new CommandTable());
      var endpoints = endpoints(arguments, engine);
      var door = FrontDoor.open(arguments.options().run().resolve("caisson.sock"), runner);
      try {
        runner.warm();
        HurriedStart.over();
        endpoints.add(remoteDoor(arguments, engine));
        ended.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        door.close();
        endpoints.forEach(Endpoint::close);
      }
    }
  }

  /** For programs that call the engine from processes of their own. */
  private static Endpoint remoteDoor(EngineArguments arguments, Engine engine) {
    var door = new EngineDoor();
    var socket = arguments.options().run().resolve(RemoteEngine.SOCKET);
    door.start(engine, Map.of("socket", socket.toString()));
    return door;
  }

  private static List<Endpoint> endpoints(EngineArguments arguments, Engine engine) {
    var started = new ArrayList<Endpoint>();
    if (arguments.endpoints().isEmpty()) {
      return started;
    }
    var installed =
        ServiceLoader.load(Endpoint.class).stream().map(ServiceLoader.Provider::get).toList();
    arguments
        .endpoints()
        .forEach((name, options) -> {
          var endpoint =
              installed.stream()
                  .filter(candidate -> candidate.name().equals(name))
                  .findFirst()
                  .orElseThrow(() ->
                      EngineException.unsupported(
                          "no endpoint '" + name + "' is installed", "leave --" + name + " out"));
          endpoint.start(engine, options);
          started.add(endpoint);
        });
    return started;
  }
}
