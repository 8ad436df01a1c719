/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.container;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.view.ExitStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The commands that change a container's state and nothing else. */
final class LifeCommands {
  private LifeCommands() {}

  /** A command about one or more containers. */
  abstract static class OnContainers extends EngineCommand {
    @Parameters(arity = "1..*", paramLabel = "CONTAINER", description = "names or ids")
    List<String> containers = new ArrayList<>();
  }

  /** Those that stop take the same options. */
  abstract static class Stopping extends OnContainers {
    @Option(
        names = {"-s", "--signal"},
        paramLabel = "SIGNAL",
        description = "what to send first")
    Optional<String> signal = Optional.empty();

    @Option(
        names = {"-t", "--timeout", "--time"},
        paramLabel = "SECONDS",
        description = "how long to wait before killing; -1 for ever")
    Optional<Long> timeout = Optional.empty();

    Optional<Duration> patience() {
      return timeout.map(Duration::ofSeconds);
    }
  }

  @Command(name = "stop", description = "Stop containers: a signal, patience, then SIGKILL")
  static final class Stop extends Stopping {
    @Override
    public Integer call() {
      return each(containers, name -> engine().containers().stop(name, signal, patience()));
    }
  }

  @Command(name = "restart", description = "Stop containers and start them again")
  static final class Restart extends Stopping {
    @Override
    public Integer call() {
      return each(containers, name -> engine().containers().restart(name, signal, patience()));
    }
  }

  @Command(name = "kill", description = "Send a signal to containers")
  static final class Kill extends OnContainers {
    @Option(
        names = {"-s", "--signal"},
        paramLabel = "SIGNAL",
        defaultValue = "KILL",
        description = "name or number")
    String signal = "KILL";

    @Override
    public Integer call() {
      return each(containers, name -> engine().containers().kill(name, signal));
    }
  }

  @Command(name = "pause", description = "Make containers stand still")
  static final class Pause extends OnContainers {
    @Override
    public Integer call() {
      return each(containers, name -> engine().containers().pause(name));
    }
  }

  @Command(name = "unpause", description = "Let paused containers go on")
  static final class Unpause extends OnContainers {
    @Override
    public Integer call() {
      return each(containers, name -> engine().containers().unpause(name));
    }
  }

  @Command(name = "rm", description = "Remove containers")
  static final class Remove extends OnContainers {
    @Option(
        names = {"-f", "--force"},
        description = "kill those that run")
    boolean force;

    @Option(
        names = {"-v", "--volumes"},
        description = "their anonymous volumes too")
    boolean volumes;

    @Override
    public Integer call() {
      int code = 0;
      for (var name : containers) {
        try {
          engine().containers().remove(name, force, volumes);
          print(name);
        } catch (EngineException e) {
          tell(e);
          // Who forces wants it gone: one that is not there is told, and no failure.
          code = force && e.kind() == EngineException.Kind.NOT_FOUND ? code : FAILED;
        }
      }
      return code;
    }
  }

  @Command(name = "wait", description = "Wait until containers have stopped; print exit codes")
  static final class Wait extends OnContainers {
    @Override
    public Integer call() {
      var exits = new ArrayList<java.util.concurrent.CompletableFuture<ExitStatus>>();
      containers.forEach(
          name -> exits.add(engine().containers().exit(name, WaitCondition.NOT_RUNNING)));
      exits.forEach(exit -> print(String.valueOf(exit.join().code())));
      return 0;
    }
  }

  @Command(name = "rename", description = "Give a container another name")
  static final class Rename extends EngineCommand {
    @Parameters(index = "0", paramLabel = "CONTAINER", description = "name or id")
    String container = "";

    @Parameters(index = "1", paramLabel = "NEW_NAME", description = "the name it gets")
    String name = "";

    @Override
    public Integer call() {
      engine().containers().rename(container, name);
      return 0;
    }
  }
}
