/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.SandboxState;
import dev.caisson.sandbox.Unavailable;
import dev.caisson.sandbox.ability.Executable;
import dev.caisson.sandbox.ability.Pausable;
import dev.caisson.sandbox.ability.Savable;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A host without a kernel. Commands: {@code true}; {@code exit N}; {@code missing}; {@code sleep},
 * until a signal; {@code stubborn}, until SIGKILL. What runs outlives an engine that is dropped.
 */
final class FakeIsolation implements Isolation {
  final Map<String, FakeSandbox> byId = new ConcurrentHashMap<>();
  final Map<String, String> startedFrom = new ConcurrentHashMap<>();
  volatile int healthCode;
  volatile boolean outlives = true;
  volatile @Nullable String unsavable;

  /** How many more attempts to take something over fail. */
  final AtomicInteger silent = new AtomicInteger();

  /** Why nothing can be started now; empty if it can. */
  volatile String refusal = "";

  @Override
  public String name() {
    return "container";
  }

  @Override
  public Optional<Unavailable> unavailable() {
    return Optional.empty();
  }

  @Override
  public boolean outlivesEngine() {
    return outlives;
  }

  @Override
  public Sandbox create(Workload workload, Place place) {
    try {
      place.makeState();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    var sandbox = new FakeSandbox(workload);
    byId.put(workload.id(), sandbox);
    return sandbox;
  }

  @Override
  public Sandbox adopt(Workload workload, Place place) {
    if (silent.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
      throw new SandboxException(SandboxException.Kind.FAILED, "the monitor does not answer");
    }
    return byId.computeIfAbsent(workload.id(), id -> new FakeSandbox(workload));
  }

  final class FakeSandbox implements Sandbox, Pausable, Executable, Savable {
    private final Workload workload;
    private final CompletableFuture<Exit> exit = new CompletableFuture<>();
    private volatile SandboxState state = SandboxState.CREATED;

    FakeSandbox(Workload workload) {
      this.workload = workload;
    }

    @Override
    public Workload workload() {
      return workload;
    }

    @Override
    public SandboxState state() {
      return state;
    }

    @Override
    public void start() {
      if (!refusal.isEmpty()) {
        throw new SandboxException(SandboxException.Kind.WRONG_STATE, refusal);
      }
      var line = workload.process().arguments();
      switch (line.getFirst()) {
        case "missing" ->
            throw new SandboxException(SandboxException.Kind.NOT_FOUND, "missing: no such file");
        case "true" -> end(0);
        case "exit" -> end(Integer.parseInt(line.get(1)));
        default -> state = SandboxState.RUNNING;
      }
    }

    void end(int code) {
      state = SandboxState.EXITED;
      exit.complete(new Exit(code, false, Instant.now(), Instant.now()));
    }

    @Override
    public void signal(int signal) {
      if (state == SandboxState.EXITED) {
        throw new SandboxException(SandboxException.Kind.WRONG_STATE, "nothing runs");
      }
      boolean stubborn = workload.process().arguments().getFirst().equals("stubborn");
      if (signal == 9 || !stubborn) {
        end(128 + signal);
      }
    }

    @Override
    public CompletableFuture<Exit> exit() {
      return exit;
    }

    @Override
    public OptionalInt pid() {
      return state == SandboxState.RUNNING ? OptionalInt.of(4711) : OptionalInt.empty();
    }

    @Override
    public void delete() {
      if (state != SandboxState.EXITED) {
        end(137);
      }
      byId.remove(workload.id());
    }

    @Override
    public void save(Path directory, Set<String> volumes, Runnable kept, boolean goOn) {
      if (unsavable != null) {
        throw SandboxException.unsupported(workload.name(), unsavable);
      }
      try {
        Files.createDirectory(directory);
        Files.writeString(directory.resolve("memory"), workload.id() + " " + volumes);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      kept.run();
    }

    @Override
    public void startFrom(Path directory) {
      try {
        startedFrom.put(workload.id(), Files.readString(directory.resolve("memory")));
      } catch (IOException e) {
        throw SandboxException.invalid(directory.toString(), String.valueOf(e.getMessage()));
      }
      state = SandboxState.RUNNING;
    }

    @Override
    public void pause() {
      state = SandboxState.PAUSED;
    }

    @Override
    public void resume() {
      state = SandboxState.RUNNING;
    }

    @Override
    public Session exec(Command command) {
      return new FakeSession(healthCode);
    }
  }
}
