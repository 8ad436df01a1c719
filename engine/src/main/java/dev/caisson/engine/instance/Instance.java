/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.container.LocalContainers;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.ResourceSpec;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.view.ExitStatus;
import dev.caisson.engine.view.Health;
import dev.caisson.engine.view.NetworkView;
import dev.caisson.engine.view.Status;
import dev.caisson.engine.workload.Definition;
import dev.caisson.engine.workload.HostFiles;
import dev.caisson.engine.workload.MountPoint;
import dev.caisson.engine.workload.ResourceCompiler;
import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.ability.Savable;
import dev.caisson.sandbox.ability.Updatable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * One container through its whole life. Changes take turns; views are taken without a turn from the
 * last stored definition and progress.
 *
 * <pre>
 *   InstanceRecord   what is known of it, stored
 *   InstanceSandbox  what an isolation has made of it
 *     Pauses         standing still
 *     Removal        going
 *       Runs         starting, watching, restarting
 *         Ending     being stopped
 *         Adoption   being taken over by the next engine
 * </pre>
 */
public final class Instance {
  private final Turns turns = new Turns();
  private final InstanceRecord record;
  private final InstanceSandbox sandbox;
  private final Pauses pauses;
  private final Removal removal;
  private final Runs runs;
  private final Ending ending;
  private final Adoption adoption;

  public Instance(
      Surroundings around,
      Isolation isolation,
      Definition definition,
      Progress progress,
      Consumer<Instance> onRemoved) {
    this.record = new InstanceRecord(around.store(), around.events(), definition, progress);
    this.sandbox = new InstanceSandbox(around, isolation, record);
    this.pauses = new Pauses(turns, record, sandbox);
    this.removal =
        new Removal(turns, record, sandbox, around.background(), () -> onRemoved.accept(this));
    this.runs = new Runs(around, turns, record, sandbox, pauses, removal);
    this.ending = new Ending(turns, record, sandbox, pauses, runs);
    this.adoption = new Adoption(around.clock(), record, sandbox, pauses, runs, removal);
  }

  public Definition definition() {
    return record.definition();
  }

  public Progress progress() {
    return record.progress();
  }

  public Status status() {
    var status = record.progress().status();
    return status == Status.RUNNING && pauses.paused() ? Status.PAUSED : status;
  }

  public boolean running() {
    return record.running();
  }

  /** Whether it can join and leave networks while it runs. */
  public boolean changesNetworks() {
    return sandbox.changesNetworks();
  }

  public int pid() {
    return running() ? sandbox.current().map(run -> run.pid().orElse(0)).orElse(0) : 0;
  }

  public Optional<Health> health() {
    return runs.health();
  }

  public HostFiles hostFiles() {
    return sandbox.hostFiles();
  }

  public Place place() {
    return sandbox.place();
  }

  /** Stores the new container; from here on a killed engine knows of it. */
  public void save() {
    record.create();
  }

  public void event(String action, Map<String, String> more) {
    record.event(action, more);
  }

  public void event(String action) {
    record.event(action);
  }

  /** Starts by hand: counts restarts from zero again. */
  public void start() {
    runs.start();
  }

  /** Starts by hand, where a snapshot stands. */
  public void startFrom(Path directory) {
    runs.start(run -> ability(run, Savable.class, "start from a snapshot").startFrom(directory));
  }

  /** As {@link LocalContainers#keep}. */
  public void keep(Path directory, boolean goOn, Consumer<Definition> kept) {
    turns.run(() -> {
      record.requirePresent();
      var run = requireRunning();
      var own =
          definition().mounts().stream()
              .filter(MountPoint::anonymous)
              .map(point -> point.spec().target())
              .collect(Collectors.toSet());
      keepable(run).save(directory, own, () -> kept.accept(definition()), goOn);
      event("checkpoint");
      if (!goOn) {
        ending.now();
      }
    });
  }

  private Savable keepable(Sandbox run) {
    return run.ability(Savable.class)
        .orElseThrow(() ->
            EngineException.unsupported(
                "container %s has isolation %s, so its processes are the host kernel's: to keep them would need CRIU, which Caisson does not use"
                    .formatted(record.name(), definition().isolation()),
                "run it with --isolation thin on a host whose processor has vmx or svm"));
  }

  /**
   * The sandbox as it is, for reading: that of the present or the last run, or a prepared one.
   *
   * @throws EngineException CONFLICT while it is being removed
   */
  public Sandbox sandbox() {
    return sandbox
        .current()
        .orElseGet(() ->
            turns.get(() -> {
              record.requirePresent();
              return sandbox.known();
            }));
  }

  /** The streams of the present run, or, before the start, of the next. */
  public <A> A attachable(Class<A> type, String what) {
    return turns.get(() -> {
      record.requirePresent();
      return ability(running() ? requireRunning() : runs.prepared(), type, what);
    });
  }

  /** Whether what an engine before this one left of it is dealt with. */
  public boolean takenOver() {
    return adoption.done();
  }

  /** After the engine was opened. */
  public void readopt() {
    turns.run(adoption::adopt);
  }

  public CompletableFuture<ExitStatus> exit(WaitCondition condition) {
    return record.exit(condition);
  }

  /** Signal, patience, SIGKILL. */
  public void stop(int signal, Duration patience) {
    ending.stop(signal, patience);
  }

  /** A killed container has exited once this returns, as whoever removes it next expects. */
  public void kill(int signal) {
    ending.kill(signal);
  }

  public void pause() {
    pauses.pause();
  }

  public void unpause() {
    pauses.unpause();
  }

  /**
   * Does something while the workload does nothing, if {@code wanted} and it can be held. A killed
   * engine lets it go on when it comes back.
   */
  public <T> T standingStill(boolean wanted, Supplier<T> work) {
    return pauses.during(wanted, work);
  }

  public void update(ResourceSpec changed, Optional<RestartPolicy> policy) {
    turns.run(() -> {
      record.requirePresent();
      var spec = definition().spec();
      var merged = Limits.merge(spec.resources(), changed);
      var resources = ResourceCompiler.compile(merged, spec.namespaces().cgroupParent());
      if (running()) {
        sandbox
            .current()
            .ifPresent(run ->
                ability(run, Updatable.class, "change its limits while it runs").update(resources));
      }
      record.save(definition().withLimits(merged, policy.orElse(spec.restartPolicy())));
      event("update");
    });
  }

  public void rename(String name) {
    turns.run(() -> {
      record.requirePresent();
      var old = record.name();
      record.save(definition().withName(name));
      event("rename", Map.of("oldName", "/" + old));
    });
  }

  public void networkChanged(NetworkingSpec spec, Optional<NetworkView> view) {
    turns.run(() -> {
      record.save(definition().withNetworking(spec));
      view.ifPresent(changed -> record.save(progress().linked(changed)));
    });
  }

  /**
   * @param force whether one that runs is killed
   */
  public void remove(boolean force) {
    turns.run(() -> {
      if (record.removing()) {
        throw EngineException.conflict(
            "removal of container " + record.name() + " is already in progress", "");
      }
      if (record.active()) {
        if (!force) {
          throw EngineException.conflict(
              "cannot remove container \"%s\": container is running: stop the container before removing or force remove"
                  .formatted(record.name()),
              "caisson rm --force " + record.name());
        }
        ending.now();
      }
      if (!record.removing()) { // --rm has removed it already
        runs.cancelRestart();
        removal.onDemand();
      }
    });
  }

  /** Completes when what a removal takes away behind its telling is gone. */
  public CompletableFuture<Void> cleared() {
    return removal.cleared();
  }

  /** Stops watching; what runs goes on. */
  public void release() {
    runs.release();
  }

  /** For one that ends with this engine: the next one books its exit. */
  public void leaveNetworks() {
    turns.run(() -> sandbox.unlink(progress().network()));
  }

  /**
   * @throws EngineException CONFLICT when it does not run
   */
  public Sandbox requireRunning() {
    return sandbox.requireRunning();
  }

  /**
   * @throws EngineException UNSUPPORTED, saying that such a container cannot do {@code what}
   */
  public <A> A ability(Sandbox run, Class<A> type, String what) {
    return sandbox.ability(run, type, what);
  }
}
