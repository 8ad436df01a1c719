/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.container;

import dev.caisson.engine.instance.Instance;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.stream.Execs;
import dev.caisson.engine.volume.LocalVolumes;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** What follows when a container is removed. */
final class Departures {
  private static final System.Logger LOG = System.getLogger(Departures.class.getName());

  /** How long the end of an engine waits for removals that have begun. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final InstanceTable table;
  private final Execs execs;
  private final LocalVolumes volumes;
  private final Map<String, CompletableFuture<Void>> clearing = new ConcurrentHashMap<>();

  Departures(InstanceTable table, Execs execs, LocalVolumes volumes) {
    this.table = table;
    this.execs = execs;
    this.volumes = volumes;
  }

  /** Its name is free again from here on, its mounts and files may still be going. */
  void removed(Instance instance) {
    table.remove(instance);
    execs.forget(instance);
    var cleared = instance.cleared();
    if (!cleared.isDone()) {
      String id = instance.definition().id();
      clearing.put(id, cleared);
      var unused = cleared.thenRun(() -> clearing.remove(id));
    }
    if (instance.definition().spec().autoRemove()) {
      releaseVolumes(instance);
    }
  }

  /** Removes the anonymous volumes that were made for it. */
  void releaseVolumes(Instance instance) {
    for (var mount : instance.definition().mounts()) {
      if (mount.anonymous() && mount.spec() instanceof MountSpec.Volume volume) {
        volumes.releaseAnonymous(volume.name());
      }
    }
  }

  /** Waits for what is still going. */
  void await() {
    try {
      CompletableFuture.allOf(clearing.values().toArray(CompletableFuture[]::new))
          .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      LOG.log(System.Logger.Level.WARNING, "removals are left to the next engine");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
