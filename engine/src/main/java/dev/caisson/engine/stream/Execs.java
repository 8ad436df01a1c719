/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.stream;

import dev.caisson.engine.AttachOptions;
import dev.caisson.engine.Attachment;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.instance.Failures;
import dev.caisson.engine.instance.Instance;
import dev.caisson.engine.spec.ExecSpec;
import dev.caisson.engine.state.Ids;
import dev.caisson.engine.view.ExecInfo;
import dev.caisson.engine.view.Status;
import dev.caisson.engine.workload.WorkloadCompiler;
import dev.caisson.sandbox.ability.Executable;
import dev.caisson.sandbox.workload.User;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Further commands in containers. An ended one can be inspected for five minutes. */
public final class Execs {
  private static final long KEPT_MINUTES = 5;

  /** Prepared and running ones per container; a client that forgets to start them is stopped. */
  private static final int MOST = 1024;

  private final ConcurrentMap<String, Exec> byId = new ConcurrentHashMap<>();
  private final ScheduledExecutorService timer;
  private final ExecutorService background;

  public Execs(ScheduledExecutorService timer, ExecutorService background) {
    this.timer = timer;
    this.background = background;
  }

  private static final class Exec {
    final String id;
    final Instance instance;
    final ExecSpec spec;
    volatile boolean started;
    volatile Executable.@Nullable Session session;
    volatile @Nullable Integer exitCode;
    final CompletableFuture<Integer> over = new CompletableFuture<>();

    Exec(String id, Instance instance, ExecSpec spec) {
      this.id = id;
      this.instance = instance;
      this.spec = spec;
    }
  }

  /** As dockerd writes it: a command without arguments has the blank before them too. */
  private static String line(ExecSpec spec) {
    var words = spec.command();
    return words.getFirst() + " " + String.join(" ", words.subList(1, words.size()));
  }

  public String create(Instance instance, ExecSpec spec) {
    if (instance.status() == Status.PAUSED) {
      var name = instance.definition().name();
      throw EngineException.conflict(
          "Container " + name + " is paused, unpause the container before exec",
          "caisson unpause " + name);
    }
    instance.requireRunning();
    if (spec.command().isEmpty()) {
      throw EngineException.invalid("No exec command specified", "give a command");
    }
    DetachKeys.parse(spec.detachKeys());
    if (of(instance).size() >= MOST) {
      throw EngineException.conflict(
          "container " + instance.definition().name() + " has " + MOST + " execs already",
          "wait for some to end");
    }
    var exec = new Exec(Ids.random(), instance, spec);
    byId.put(exec.id, exec);
    instance.event("exec_create: " + line(spec), Map.of("execID", exec.id));
    return exec.id;
  }

  public Attachment start(String id) {
    var exec = find(id);
    var session = begin(exec);
    var spec = exec.spec;
    var options =
        new AttachOptions(
            spec.attachStdin(),
            spec.attachStdout(),
            spec.attachStderr(),
            false,
            true,
            spec.detachKeys());
    return new Streams(
        session,
        options,
        spec.tty(),
        Optional.empty(),
        () -> exec.instance.event("exec_detach", Map.of("execID", id)));
  }

  public void startDetached(String id) {
    begin(find(id)).close();
  }

  private Executable.Session begin(Exec exec) {
    synchronized (exec) {
      if (exec.started) {
        throw EngineException.conflict("Error: Exec " + exec.id + " has already run", "");
      }
      exec.started = true;
    }
    try {
      var sandbox = exec.instance.requireRunning();
      var executable = exec.instance.ability(sandbox, Executable.class, "run further commands");
      var session = executable.exec(command(exec.spec));
      exec.session = session;
      exec.instance.event("exec_start: " + line(exec.spec), Map.of("execID", exec.id));
      exec.spec.consoleSize().ifPresent(size -> resize(session, size.rows(), size.columns()));
      var unused = // nobody waits for it: it books itself
          session.exit().thenAcceptAsync(exit -> ended(exec, exit.code()), background);
      return session;
    } catch (RuntimeException e) {
      var told = Failures.translate(e);
      ended(exec, told.kind().exitCode());
      throw told;
    }
  }

  private static Executable.Command command(ExecSpec spec) {
    return new Executable.Command(
        spec.command(),
        WorkloadCompiler.environment(spec.environment(), spec.tty()),
        spec.user().isEmpty() ? Optional.empty() : Optional.of(User.parse(spec.user())),
        spec.workingDirectory().isEmpty() ? Optional.empty() : Optional.of(spec.workingDirectory()),
        spec.tty(),
        spec.attachStdin(),
        spec.privileged());
  }

  private void ended(Exec exec, int code) {
    exec.exitCode = code;
    exec.over.complete(code);
    exec.instance.event("exec_die", Map.of("execID", exec.id, "exitCode", String.valueOf(code)));
    var unused = // forgetting cannot fail
        timer.schedule(() -> byId.remove(exec.id), KEPT_MINUTES, TimeUnit.MINUTES);
  }

  public void resize(String id, int rows, int columns) {
    var exec = find(id);
    var session = exec.session;
    if (session == null || exec.exitCode != null) {
      throw EngineException.conflict("cannot resize a stopped exec", "");
    }
    resize(session, rows, columns);
  }

  private static void resize(Executable.Session session, int rows, int columns) {
    try {
      session.resize(rows, columns);
    } catch (java.io.IOException e) {
      throw Failures.of(e);
    }
  }

  public ExecInfo inspect(String id) {
    var exec = find(id);
    var session = exec.session;
    var code = exec.exitCode;
    return new ExecInfo(
        exec.id,
        exec.instance.definition().id(),
        exec.spec,
        session != null && code == null,
        code == null ? OptionalInt.empty() : OptionalInt.of(code),
        session == null ? 0 : session.pid());
  }

  /** Waits for the end of a started one; from then on {@link #inspect} tells its exit code too. */
  public int exitCode(String id) {
    var exec = find(id);
    if (!exec.started) {
      return 0;
    }
    return exec.over.join();
  }

  public List<String> of(Instance instance) {
    return byId.values().stream()
        .filter(exec -> exec.instance == instance && exec.exitCode == null)
        .map(exec -> exec.id)
        .toList();
  }

  public void forget(Instance instance) {
    byId.values().removeIf(exec -> exec.instance == instance);
  }

  private Exec find(String id) {
    var exec = byId.get(id);
    if (exec == null) {
      throw EngineException.notFound("No such exec instance: " + id);
    }
    return exec;
  }
}
