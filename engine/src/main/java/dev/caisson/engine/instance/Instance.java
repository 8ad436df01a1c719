/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.ResourceSpec;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.state.Change;
import dev.caisson.engine.state.RecordCodec;
import dev.caisson.engine.text.Signal;
import dev.caisson.engine.view.ExitStatus;
import dev.caisson.engine.view.Health;
import dev.caisson.engine.view.NetworkView;
import dev.caisson.engine.view.Status;
import dev.caisson.engine.workload.Definition;
import dev.caisson.engine.workload.HostFiles;
import dev.caisson.engine.workload.ResourceCompiler;
import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.SandboxState;
import dev.caisson.sandbox.ability.Pausable;
import dev.caisson.sandbox.ability.Updatable;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One container through its whole life. Changes happen one after the other under its lock; views
 * are taken without it from the last stored definition and progress.
 */
final class Instance {
  private static final System.Logger LOG = System.getLogger(Instance.class.getName());

  /** After SIGKILL only the kernel itself can hold a process up. */
  private static final Duration DEATH = Duration.ofSeconds(10);

  private final Surroundings around;
  private final Isolation isolation;
  private final Consumer<Instance> onRemoved;
  private final CompletableFuture<Void> cleared = new CompletableFuture<>();
  private final Place place;
  private final ReentrantLock lock = new ReentrantLock(true);
  private final Waiters waiters = new Waiters();
  private final Backoff backoff = new Backoff();
  private volatile Definition definition;
  private volatile Progress progress;
  private volatile @Nullable Sandbox sandbox;
  private volatile @Nullable HealthMonitor health;
  private volatile boolean paused;
  private @Nullable Future<?> restart;

  Instance(
      Surroundings around,
      Isolation isolation,
      Definition definition,
      Progress progress,
      Consumer<Instance> onRemoved) {
    this.around = around;
    this.isolation = isolation;
    this.definition = definition;
    this.progress = progress;
    this.onRemoved = onRemoved;
    this.place = Places.of(around.root(), around.run(), definition.id());
  }

  Definition definition() {
    return definition;
  }

  Progress progress() {
    return progress;
  }

  Status status() {
    var status = progress.status();
    return status == Status.RUNNING && paused ? Status.PAUSED : status;
  }

  boolean running() {
    return progress.status() == Status.RUNNING;
  }

  int pid() {
    var current = sandbox;
    return running() && current != null ? current.pid().orElse(0) : 0;
  }

  Optional<Health> health() {
    var monitor = health;
    return monitor == null ? Optional.empty() : Optional.of(monitor.health());
  }

  HostFiles hostFiles() {
    return new HostFiles(place.state());
  }

  Place place() {
    return place;
  }

  /** Stores the new container; from here on a killed engine knows of it. */
  void save() {
    around
        .store()
        .write(
            new Change.Put(Keys.definition(definition.id()), RecordCodec.encode(definition)),
            new Change.Put(Keys.progress(definition.id()), RecordCodec.encode(progress)));
    if (!definition.spec().autoRemove()) {
      around.store().sync();
    }
  }

  private void save(Progress next) {
    progress = next;
    around.store().write(new Change.Put(Keys.progress(definition.id()), RecordCodec.encode(next)));
  }

  /**
   * For what has happened, whether it can be written down or not. The next engine learns of it from
   * the isolation's own record.
   */
  private void saveFact(Progress next) {
    try {
      save(next);
    } catch (EngineException e) {
      LOG.log(System.Logger.Level.ERROR, "not stored of " + name() + ": " + e.getMessage());
    }
  }

  void event(String action, Map<String, String> more) {
    var attributes = new HashMap<>(definition.effective().labels());
    attributes.put("image", definition.spec().image());
    attributes.put("name", definition.name());
    attributes.putAll(more);
    around.events().publish("container", action, definition.id(), attributes);
  }

  void event(String action) {
    event(action, Map.of());
  }

  /** Starts by hand: counts restarts from zero again. */
  void start() {
    lock.lock();
    try {
      requirePresent();
      if (paused) {
        throw EngineException.conflict(
            "cannot start a paused container, try unpause instead", "caisson unpause " + name());
      }
      if (running()) {
        throw EngineException.notModified("container " + name() + " is already running");
      }
      cancelRestart();
      progress = progress.fresh().stoppedByHand(false);
      runOrRemove();
    } finally {
      lock.unlock();
    }
  }

  /**
   * A failed start ends an auto-remove container as an exit would: whoever waits for its removal is
   * told.
   */
  private void runOrRemove() {
    try {
      run();
    } catch (EngineException failure) {
      if (definition.spec().autoRemove()) {
        removeAll(true);
      }
      throw failure;
    }
  }

  private void run() {
    try {
      var ready = ready();
      ready.start();
      save(progress.running(around.clock().instant()));
      watch(ready);
    } catch (RuntimeException failure) {
      var told = Failures.translate(failure);
      unlink();
      sandbox = null;
      int code = told.kind().exitCode() == 125 ? 128 : told.kind().exitCode();
      saveFact(progress.failed(code, String.valueOf(told.getMessage()), around.clock().instant()));
      throw new EngineException(told.kind(), startFailure(told), told.remedy(), told);
    }
    event("start");
  }

  /** An isolation that knows steps tells whose they were itself. */
  private String startFailure(EngineException told) {
    var reason = String.valueOf(told.getMessage());
    return reason.startsWith(name()) ? reason : name() + " did not start: " + reason;
  }

  private void watch(Sandbox running) {
    paused = running.state() == SandboxState.PAUSED;
    health = HealthMonitor.watch(this, running, around).orElse(null);
    var unused = // its failures are logged where they happen
        running
            .exit()
            .thenAcceptBothAsync(
                around.settled(), (exit, settled) -> ended(running, exit), around.background());
  }

  /** The sandbox of the next or the present run, network included. Lock held. */
  private Sandbox ready() {
    var current = sandbox;
    if (current != null && current.state() != SandboxState.EXITED) {
      return current;
    }
    Places.make(place);
    var link = around.linker().link(definition);
    save(progress.linked(link.view()));
    hostFiles().write(definition, link);
    var attachment = around.linker().attachment(link, hostFiles());
    var created = isolation.create(around.compiler().compile(definition, attachment), place);
    sandbox = created;
    return created;
  }

  private void unlink() {
    around.linker().unlink(definition, progress.network());
  }

  /**
   * The sandbox as it is, for reading: that of the present or the last run, or a prepared one.
   *
   * @throws EngineException CONFLICT while it is being removed
   */
  Sandbox sandbox() {
    var current = sandbox;
    if (current != null) {
      return current;
    }
    lock.lock();
    try {
      requirePresent();
      return sandbox == null && Places.exists(place) ? adopted() : ready();
    } catch (RuntimeException e) {
      throw Failures.translate(e);
    } finally {
      lock.unlock();
    }
  }

  /** The streams of the present run, or, before the start, of the next. */
  <A> A attachable(Class<A> type, String what) {
    lock.lock();
    try {
      requirePresent();
      return ability(running() ? requireRunning() : ready(), type, what);
    } catch (RuntimeException e) {
      throw Failures.translate(e);
    } finally {
      lock.unlock();
    }
  }

  private Sandbox adopted() {
    var attachment = around.linker().attachment(definition, progress.network(), hostFiles());
    var found = isolation.adopt(around.compiler().compile(definition, attachment), place);
    sandbox = found;
    return found;
  }

  /**
   * After the engine was opened: finds out what became of it meanwhile, and goes on with what was
   * being done.
   */
  void readopt() {
    lock.lock();
    try {
      if (progress.status() == Status.REMOVING) {
        removeAll(true);
        return;
      }
      if (definition.spec().temporary()) {
        removeLeftover();
        return;
      }
      boolean mayRun = running() || progress.network().namespacePath().isPresent();
      if (mayRun && Places.exists(place)) {
        readoptRun();
      } else if (running()) {
        // The whole machine went down: nothing is left that could tell the status.
        finish(new Exit(255, false, Instant.EPOCH, around.clock().instant()));
      } else {
        resume();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Whoever worked with it is gone with the engine before. */
  private void removeLeftover() {
    if (Places.exists(place)) {
      var found = adopted();
      if (found.state() != SandboxState.EXITED) {
        found.signal(Signal.KILL);
      }
    }
    removeAll(true);
  }

  private void readoptRun() {
    var found = adopted();
    switch (found.state()) {
      case RUNNING, PAUSED -> {
        around.linker().adopt(definition, progress.network());
        if (!running()) {
          save(progress.running(around.clock().instant()));
        }
        if (progress.held()) {
          thaw(found);
          save(progress.held(false));
        }
        watch(found);
      }
      case CREATED -> neverStarted();
      case EXITED -> {
        var exit = found.exit().join();
        if (running() || exit.startedAt().isAfter(Instant.EPOCH)) {
          if (!running()) {
            progress = progress.running(exit.startedAt());
          }
          finish(exit);
        } else { // ended in the middle of its start, with the engine
          neverStarted();
        }
      }
    }
  }

  private void neverStarted() {
    unlink();
    sandbox = null;
    save(progress.linked(NetworkView.none()));
    resume();
  }

  /** What a policy asks for when the engine comes up. */
  private void resume() {
    var policy = definition.spec().restartPolicy().name();
    if (progress.status() == Status.RESTARTING) {
      schedule(Duration.ZERO);
    } else if (policy == RestartPolicy.Name.ALWAYS && progress.status() == Status.EXITED) {
      schedule(Duration.ZERO);
    } else if (definition.spec().autoRemove() && progress.status() == Status.EXITED) {
      removeAll(true);
    }
  }

  @SuppressWarnings("ReferenceEquality") // every run has a sandbox of its own
  private void ended(Sandbox which, Exit exit) {
    lock.lock();
    try {
      if (sandbox == which && running()) {
        finish(exit);
      }
    } catch (RuntimeException e) {
      LOG.log(System.Logger.Level.ERROR, "after the exit of " + name(), e);
    } finally {
      lock.unlock();
    }
  }

  /** Books an exit and does what follows from it. Lock held. */
  private void finish(Exit exit) {
    var monitor = health;
    if (monitor != null) {
      monitor.stop();
    }
    paused = false;
    boolean again =
        Backoff.wanted(
            definition.spec().restartPolicy(),
            exit.code(),
            progress.restartCount(),
            progress.stoppedByHand());
    var former = progress.network();
    var next = progress.exited(exit.code(), exit.outOfMemory(), exit.finishedAt());
    saveFact(again ? next.restarting(next.restartCount() + 1) : next);
    if (exit.outOfMemory()) {
      event("oom");
    }
    event("die", Map.of("exitCode", String.valueOf(exit.code())));
    waiters.exited(lastExit(), again);
    around.linker().unlink(definition, former);
    if (again) {
      var started = progress.startedAt().orElse(exit.finishedAt());
      schedule(backoff.after(Duration.between(started, exit.finishedAt())));
    } else if (definition.spec().autoRemove()) {
      if (hasAnonymousVolumes()) {
        removeAll(true); // they go with it, once nothing has them mounted
      } else {
        removeBehind();
      }
    }
  }

  private boolean hasAnonymousVolumes() {
    return definition.mounts().stream().anyMatch(mount -> mount.anonymous());
  }

  private void schedule(Duration wait) {
    restart =
        around
            .timer()
            .schedule(
                () -> around.settled().thenRunAsync(this::restartByPolicy, around.background()),
                wait.toMillis(),
                TimeUnit.MILLISECONDS);
  }

  private void restartByPolicy() {
    lock.lock();
    try {
      if (restart == null || running() || progress.status() == Status.REMOVING) {
        return;
      }
      restart = null;
      run();
    } catch (EngineException e) {
      LOG.log(System.Logger.Level.WARNING, "restart of {0}: {1}", name(), e.getMessage());
    } finally {
      lock.unlock();
    }
  }

  private void cancelRestart() {
    if (restart != null) {
      restart.cancel(false);
      restart = null;
    }
  }

  ExitStatus lastExit() {
    var now = progress;
    return new ExitStatus(
        now.exitCode(), now.oomKilled(), now.finishedAt().orElse(Instant.EPOCH), now.error());
  }

  CompletableFuture<ExitStatus> exit(WaitCondition condition) {
    return waiters.register(
        condition, () -> running() || progress.status() == Status.RESTARTING, this::lastExit);
  }

  /** Signal, patience, SIGKILL. */
  void stop(int signal, Duration patience) {
    var over = beginStop(signal);
    if (!within(over, patience)) {
      var unused = beginKill(Signal.KILL); // over tells
      if (!within(over, DEATH)) {
        throw new EngineException(
            EngineException.Kind.INTERNAL,
            name() + " does not die: the kernel holds a process of it",
            "look for tasks in state D with caisson top " + name(),
            null);
      }
    }
    event("stop");
  }

  private CompletableFuture<ExitStatus> beginStop(int signal) {
    lock.lock();
    try {
      requirePresent();
      if (progress.status() == Status.RESTARTING) {
        cancelRestart();
        save(progress.at(Status.EXITED).stoppedByHand(true));
        waiters.exited(lastExit(), false);
        return CompletableFuture.completedFuture(lastExit());
      }
      if (!running()) {
        throw EngineException.notModified("container " + name() + " is not running");
      }
      saveFact(progress.stoppedByHand(true));
      var over = exit(WaitCondition.NOT_RUNNING);
      send(signal);
      return over;
    } finally {
      lock.unlock();
    }
  }

  private static boolean within(CompletableFuture<ExitStatus> over, Duration patience) {
    try {
      if (patience.isNegative()) {
        over.get();
      } else {
        over.get(patience.toMillis(), TimeUnit.MILLISECONDS);
      }
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (ExecutionException e) {
      throw new IllegalStateException("an exit never fails", e);
    }
  }

  /** A killed container has exited once this returns, as whoever removes it next expects. */
  void kill(int signal) {
    var over = beginKill(signal);
    if (signal == Signal.KILL) {
      within(over, DEATH);
    }
  }

  private CompletableFuture<ExitStatus> beginKill(int signal) {
    lock.lock();
    try {
      requirePresent();
      if (!running()) {
        throw EngineException.conflict(
            "cannot kill container: "
                + name()
                + ": container "
                + definition.id()
                + " is not running",
            "caisson start " + name());
      }
      if (signal == Signal.KILL) {
        saveFact(progress.stoppedByHand(true));
      }
      var over = exit(WaitCondition.NOT_RUNNING);
      send(signal);
      return over;
    } finally {
      lock.unlock();
    }
  }

  private void send(int signal) {
    var target = sandbox;
    if (target == null) {
      return;
    }
    try {
      target.signal(signal);
    } catch (RuntimeException e) {
      if (target.state() != SandboxState.EXITED) {
        throw Failures.translate(e);
      }
    }
    event("kill", Map.of("signal", String.valueOf(signal)));
    if ((paused || progress.held()) && signal == Signal.KILL) {
      // A frozen process is not even killed before it thaws. cgroup v1 freezer
      paused = false;
      thaw(target);
    }
  }

  private static void thaw(Sandbox target) {
    try {
      target.ability(Pausable.class).ifPresent(Pausable::resume);
    } catch (RuntimeException e) {
      // Where the kernel kills frozen processes, there is nothing left to thaw.
      LOG.log(System.Logger.Level.DEBUG, "not thawed: {0}", e.getMessage());
    }
  }

  void pause() {
    lock.lock();
    try {
      var running = requireRunning();
      if (paused) {
        throw EngineException.conflict(
            "Container " + definition.id() + " is already paused", "caisson unpause " + name());
      }
      ability(running, Pausable.class, "be paused").pause();
      paused = true;
      event("pause");
    } catch (RuntimeException e) {
      throw Failures.translate(e);
    } finally {
      lock.unlock();
    }
  }

  void unpause() {
    lock.lock();
    try {
      var running = requireRunning();
      if (!paused) {
        throw EngineException.conflict("Container " + definition.id() + " is not paused", "");
      }
      ability(running, Pausable.class, "be paused").resume();
      paused = false;
      event("unpause");
    } catch (RuntimeException e) {
      throw Failures.translate(e);
    } finally {
      lock.unlock();
    }
  }

  /**
   * Does something while the workload does nothing, if {@code wanted} and it can be held. A killed
   * engine lets it go on when it comes back.
   */
  <T> T standingStill(boolean wanted, Supplier<T> work) {
    var held = wanted ? hold() : Optional.<Sandbox>empty();
    try {
      return work.get();
    } finally {
      held.ifPresent(this::letGo);
    }
  }

  private Optional<Sandbox> hold() {
    lock.lock();
    try {
      var current = sandbox;
      if (!running() || paused || progress.held() || current == null) {
        return Optional.empty();
      }
      var pausable = current.ability(Pausable.class);
      if (pausable.isEmpty()) {
        return Optional.empty();
      }
      save(progress.held(true));
      pausable.get().pause();
      return Optional.of(current);
    } catch (RuntimeException e) {
      throw Failures.translate(e);
    } finally {
      lock.unlock();
    }
  }

  @SuppressWarnings("ReferenceEquality") // every run has a sandbox of its own
  private void letGo(Sandbox held) {
    lock.lock();
    try {
      if (sandbox == held && running() && progress.held()) {
        if (!paused) {
          thaw(held);
        }
        save(progress.held(false));
      }
    } finally {
      lock.unlock();
    }
  }

  void update(ResourceSpec changed, Optional<RestartPolicy> policy) {
    lock.lock();
    try {
      requirePresent();
      var merged = Limits.merge(definition.spec().resources(), changed);
      var resources =
          ResourceCompiler.compile(merged, definition.spec().namespaces().cgroupParent());
      var current = sandbox;
      if (running() && current != null) {
        ability(current, Updatable.class, "change its limits while it runs").update(resources);
      }
      definition = definition.withLimits(merged, policy.orElse(definition.spec().restartPolicy()));
      saveDefinition();
      event("update");
    } catch (RuntimeException e) {
      throw Failures.translate(e);
    } finally {
      lock.unlock();
    }
  }

  void rename(String name) {
    lock.lock();
    try {
      requirePresent();
      var old = definition.name();
      definition = definition.withName(name);
      saveDefinition();
      event("rename", Map.of("oldName", "/" + old));
    } finally {
      lock.unlock();
    }
  }

  private void saveDefinition() {
    around
        .store()
        .write(new Change.Put(Keys.definition(definition.id()), RecordCodec.encode(definition)));
    around.store().sync();
  }

  void networkChanged(NetworkingSpec spec, Optional<NetworkView> view) {
    lock.lock();
    try {
      definition = definition.withNetworking(spec);
      saveDefinition();
      view.ifPresent(changed -> save(progress.linked(changed)));
    } finally {
      lock.unlock();
    }
  }

  void remove(boolean force) {
    lock.lock();
    try {
      if (progress.status() == Status.REMOVING) {
        throw EngineException.conflict(
            "removal of container " + name() + " is already in progress", "");
      }
      if (running() || progress.status() == Status.RESTARTING) {
        if (!force) {
          throw EngineException.conflict(
              "cannot remove container \""
                  + name()
                  + "\": container is running: stop the container before removing or force remove",
              "caisson rm --force " + name());
        }
        end();
      }
      if (progress.status() != Status.REMOVING) { // --rm has removed it already
        removeAll(false);
      }
    } catch (RuntimeException e) {
      throw Failures.translate(e);
    } finally {
      lock.unlock();
    }
  }

  /** Kills and books the exit. Lock held. */
  private void end() {
    cancelRestart();
    progress = progress.stoppedByHand(true);
    var current = sandbox;
    if (!running() || current == null) {
      save(progress.at(Status.EXITED));
      return;
    }
    send(Signal.KILL);
    try {
      finish(current.exit().get(DEATH.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      throw new EngineException(
          EngineException.Kind.INTERNAL,
          name() + " does not die: the kernel holds a process of it",
          "look for tasks in state D with caisson top " + name(),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      throw new IllegalStateException("an exit never fails", e);
    }
  }

  /** Lock held. A killed engine finds REMOVING and comes here again. */
  private void removeAll(boolean byItself) {
    var last = beginRemoval();
    clear(!byItself);
    forget(last);
  }

  /**
   * As {@link #removeAll}, but who waits is told before what is left is taken away: mounts and
   * files that nobody can name any more. Lock held.
   */
  private void removeBehind() {
    forget(beginRemoval());
    around
        .background()
        .execute(() -> {
          lock.lock();
          try {
            clear(false);
          } catch (RuntimeException e) {
            // The next engine finds it marked for removal.
            LOG.log(System.Logger.Level.WARNING, "cannot remove all of " + name(), e);
          } finally {
            cleared.complete(null);
            lock.unlock();
          }
        });
  }

  /** Completes when what a removal takes away behind its telling is gone. */
  CompletableFuture<Void> cleared() {
    return cleared;
  }

  private ExitStatus beginRemoval() {
    var last = lastExit();
    saveFact(progress.at(Status.REMOVING));
    cancelRestart();
    return last;
  }

  private void clear(boolean durably) {
    var current = sandbox;
    if (current == null && Places.exists(place)) {
      current = adopted();
    }
    if (current != null) {
      current.delete();
    }
    unlink();
    Places.remove(place);
    around
        .store()
        .write(
            new Change.Remove(Keys.definition(definition.id())),
            new Change.Remove(Keys.progress(definition.id())));
    if (durably) {
      around.store().sync();
    }
    sandbox = null;
    cleared.complete(null);
  }

  private void forget(ExitStatus last) {
    onRemoved.accept(this);
    event("destroy");
    waiters.removed(last);
  }

  /** Stops watching; what runs goes on. */
  void release() {
    var monitor = health;
    if (monitor != null) {
      monitor.stop();
    }
  }

  private String name() {
    return definition.name();
  }

  private void requirePresent() {
    if (progress.status() == Status.REMOVING) {
      throw EngineException.conflict("container " + name() + " is marked for removal", "");
    }
  }

  /**
   * @throws EngineException CONFLICT when it does not run
   */
  Sandbox requireRunning() {
    var current = sandbox;
    if (!running() || current == null) {
      throw EngineException.conflict(
          "container " + definition.id() + " is not running", "caisson start " + name());
    }
    return current;
  }

  /**
   * @throws EngineException UNSUPPORTED, saying that such a container cannot do {@code what}
   */
  <A> A ability(Sandbox sandbox, Class<A> type, String what) {
    return sandbox
        .ability(type)
        .orElseThrow(() ->
            EngineException.unsupported(
                "a container of isolation " + definition.isolation() + " cannot " + what,
                "choose another --isolation"));
  }
}
