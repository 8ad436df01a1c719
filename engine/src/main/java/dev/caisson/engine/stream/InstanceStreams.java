/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.stream;

import dev.caisson.engine.AttachOptions;
import dev.caisson.engine.Attachment;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Feed;
import dev.caisson.engine.LogOptions;
import dev.caisson.engine.instance.Failures;
import dev.caisson.engine.instance.Instance;
import dev.caisson.engine.view.LogRecord;
import dev.caisson.engine.view.ProcessTable;
import dev.caisson.engine.view.Status;
import dev.caisson.sandbox.ability.Attachable;
import dev.caisson.sandbox.ability.Listable;
import dev.caisson.sandbox.ability.Logged;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What containers say, and what is said to them. */
public final class InstanceStreams {
  public Feed<LogRecord> logs(Instance instance, LogOptions options) {
    if (instance.definition().spec().log().driver().equals("none")) {
      throw EngineException.unsupported(
          "configured logging driver does not support reading",
          "create it with another --log-driver");
    }
    var logged = instance.ability(instance.sandbox(), Logged.class, "keep a log");
    return LogFeed.of(logged, options);
  }

  public Attachment attach(Instance instance, AttachOptions options) {
    if (instance.status() == Status.PAUSED) {
      throw EngineException.conflict(
          "Container "
              + instance.definition().name()
              + " is paused, unpause the container before attach.",
          "caisson unpause " + instance.definition().name());
    }
    var replay =
        options.replay()
            ? Optional.of(
                logs(
                    instance,
                    new LogOptions(
                        options.stdout(),
                        options.stderr(),
                        false,
                        -1,
                        Optional.empty(),
                        Optional.empty())))
            : Optional.<Feed<LogRecord>>empty();
    instance.event("attach"); // before the network of a container that is not started yet
    var streams = instance.attachable(Attachable.class, "be attached to").attach();
    return new Streams(
        streams,
        options,
        instance.definition().spec().process().tty(),
        replay,
        () -> instance.event("detach"));
  }

  public void resize(Instance instance, int rows, int columns) {
    var sandbox = instance.requireRunning();
    try (var streams = instance.ability(sandbox, Attachable.class, "be attached to").attach()) {
      streams.resize(rows, columns);
      instance.event("resize", Map.of("height", "" + rows, "width", "" + columns));
    } catch (IOException e) {
      throw Failures.of(e);
    }
  }

  public ProcessTable top(Instance instance, List<String> psArguments) {
    var listable =
        instance.ability(instance.requireRunning(), Listable.class, "list its processes");
    try {
      var processes = listable.processes(psArguments);
      instance.event("top");
      return new ProcessTable(processes.titles(), processes.rows());
    } catch (RuntimeException e) {
      throw Failures.translate(e);
    }
  }
}
