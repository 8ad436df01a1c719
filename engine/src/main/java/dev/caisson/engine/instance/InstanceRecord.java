/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.event.EventLog;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.state.Change;
import dev.caisson.engine.state.RecordCodec;
import dev.caisson.engine.state.Store;
import dev.caisson.engine.view.ExitStatus;
import dev.caisson.engine.view.Status;
import dev.caisson.engine.workload.Definition;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;

/**
 * What is known of one container: what it is, how far it has come, the events that tell of it, and
 * those who wait to be told of its end. Read by anybody at any time, changed by whoever has the
 * turn.
 */
final class InstanceRecord {
  private static final System.Logger LOG = System.getLogger(InstanceRecord.class.getName());

  private final Store store;
  private final EventLog events;
  private final Waiters waiters = new Waiters();
  private volatile Definition definition;
  private volatile Progress progress;

  InstanceRecord(Store store, EventLog events, Definition definition, Progress progress) {
    this.store = store;
    this.events = events;
    this.definition = definition;
    this.progress = progress;
  }

  Definition definition() {
    return definition;
  }

  Progress progress() {
    return progress;
  }

  String name() {
    return definition.name();
  }

  boolean running() {
    return progress.status() == Status.RUNNING;
  }

  /** True when it runs, or will by its restart policy. */
  boolean active() {
    return running() || progress.status() == Status.RESTARTING;
  }

  boolean removing() {
    return progress.status() == Status.REMOVING;
  }

  /**
   * @throws EngineException CONFLICT when it is being removed
   */
  void requirePresent() {
    if (removing()) {
      throw EngineException.conflict("container " + name() + " is marked for removal", "");
    }
  }

  /** How the last run ended. */
  ExitStatus lastExit() {
    var now = progress;
    return new ExitStatus(
        now.exitCode(), now.oomKilled(), now.finishedAt().orElse(Instant.EPOCH), now.error());
  }

  /** Completes with how the run ended, once it is as far as {@code condition} says. */
  CompletableFuture<ExitStatus> exit(WaitCondition condition) {
    return waiters.register(condition, this::active, this::lastExit);
  }

  /**
   * Tells those who wait that the last run has ended.
   *
   * @param comesBack whether a restart policy will start it again
   */
  void exited(boolean comesBack) {
    waiters.exited(lastExit(), comesBack);
  }

  /**
   * Tells everybody that it is gone.
   *
   * @param last how its last run had ended before the removal began
   */
  void removed(ExitStatus last) {
    event("destroy");
    waiters.removed(last);
  }

  /** Stores a new container; from here on a killed engine knows of it. */
  void create() {
    store.write(
        new Change.Put(Keys.definition(definition.id()), RecordCodec.encode(definition)),
        new Change.Put(Keys.progress(definition.id()), RecordCodec.encode(progress)));
    if (!definition.spec().autoRemove()) {
      store.sync();
    }
  }

  void save(Progress next) {
    progress = next;
    store.write(new Change.Put(Keys.progress(definition.id()), RecordCodec.encode(next)));
  }

  /**
   * For what has happened, whether it can be written down or not. The next engine learns of it from
   * the isolation's own record.
   */
  void saveFact(Progress next) {
    try {
      save(next);
    } catch (EngineException e) {
      LOG.log(System.Logger.Level.ERROR, "not stored of " + name() + ": " + e.getMessage());
    }
  }

  /** What the next {@link #save} builds on; not worth a write of its own. */
  void assume(Progress next) {
    progress = next;
  }

  void save(Definition next) {
    definition = next;
    store.write(new Change.Put(Keys.definition(next.id()), RecordCodec.encode(next)));
    store.sync();
  }

  /**
   * Lets the store forget it.
   *
   * @param durably whether it must stay forgotten after a power cut right after this
   */
  void delete(boolean durably) {
    store.write(
        new Change.Remove(Keys.definition(definition.id())),
        new Change.Remove(Keys.progress(definition.id())));
    if (durably) {
      store.sync();
    }
  }

  void event(String action, Map<String, String> more) {
    var attributes = new HashMap<>(definition.effective().labels());
    attributes.put("image", definition.spec().image());
    attributes.put("name", definition.name());
    attributes.putAll(more);
    events.publish("container", action, definition.id(), attributes);
  }

  void event(String action) {
    event(action, Map.of());
  }

  /** As dockerd tells it before a start. */
  void volumesMounted() {
    eachVolume((volume, attributes) -> {
      attributes.put("destination", volume.target());
      attributes.put("read/write", String.valueOf(!volume.readOnly()));
      attributes.put("propagation", "");
      events.publish("volume", "mount", volume.name(), attributes);
    });
  }

  /** As dockerd tells it after an exit. */
  void volumesUnmounted() {
    eachVolume(
        (volume, attributes) -> events.publish("volume", "unmount", volume.name(), attributes));
  }

  private void eachVolume(BiConsumer<MountSpec.Volume, Map<String, String>> action) {
    for (var mount : definition.mounts()) {
      if (mount.spec() instanceof MountSpec.Volume volume) {
        var attributes = new HashMap<String, String>();
        attributes.put("container", definition.id());
        attributes.put("driver", "local");
        action.accept(volume, attributes);
      }
    }
  }
}
