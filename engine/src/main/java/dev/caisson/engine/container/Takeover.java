/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.container;

import dev.caisson.engine.instance.Instance;
import dev.caisson.engine.instance.Keys;
import dev.caisson.engine.instance.Progress;
import dev.caisson.engine.instance.Surroundings;
import dev.caisson.engine.state.RecordCodec;
import dev.caisson.engine.workload.Definition;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * The containers an engine before this one left. Taking one over is mostly waiting for its monitor
 * to wake, which on a busy machine takes its time: so many wait at once.
 */
final class Takeover {
  private static final System.Logger LOG = System.getLogger(Takeover.class.getName());

  private static final int AT_ONCE = 16;
  private static final int FIRST_PAUSE_SECONDS = 2;
  private static final int LONGEST_PAUSE_SECONDS = 30;

  private final Surroundings around;
  private final Chambers isolations;
  private final InstanceTable table;
  private final Departures departures;

  Takeover(Surroundings around, Chambers isolations, InstanceTable table, Departures departures) {
    this.around = around;
    this.isolations = isolations;
    this.table = table;
    this.departures = departures;
  }

  /** One that cannot be read or taken over is logged, and hinders no other. */
  void run() {
    for (var stored : around.store().entries(Keys.DEFINITIONS).entrySet()) {
      try {
        var definition = RecordCodec.decode(stored.getValue(), Definition.class);
        add(definition, progress(definition.id()));
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.ERROR, "cannot read " + stored.getKey(), e);
      }
    }
    // Once all are known: one may use the network of another.
    var threads = Thread.ofPlatform().daemon().name("takeover-", 0).factory();
    try (var takers = Executors.newFixedThreadPool(AT_ONCE, threads)) {
      table
          .all()
          .forEach(instance -> takers.execute(() -> takeOver(instance, FIRST_PAUSE_SECONDS)));
    }
  }

  /**
   * One whose monitor is stopped, or has no turn on a busy machine, is tried again.
   *
   * @param pause seconds until then; the next pause is twice as long, up to a bound
   */
  private void takeOver(Instance instance, int pause) {
    try {
      instance.readopt();
    } catch (RuntimeException e) {
      LOG.log(
          System.Logger.Level.ERROR,
          "cannot take over %s, trying again in %d s"
              .formatted(instance.definition().name(), pause),
          e);
      var unused = // its failures are logged here
          around
              .timer()
              .schedule(
                  () -> around.background().execute(() -> takeOverLater(instance, pause)),
                  pause,
                  TimeUnit.SECONDS);
    }
  }

  private void takeOverLater(Instance instance, int pause) {
    if (table.all().contains(instance) && !instance.takenOver()) {
      takeOver(instance, Math.min(2 * pause, LONGEST_PAUSE_SECONDS));
    }
  }

  private Progress progress(String id) {
    var stored = around.store().entries(Keys.progress(id)).values();
    return stored.isEmpty()
        ? Progress.created()
        : RecordCodec.decode(stored.iterator().next(), Progress.class);
  }

  private void add(Definition definition, Progress progress) {
    var isolation = isolations.named(definition.isolation());
    table.claim(definition.name(), definition.id());
    table.add(new Instance(around, isolation, definition, progress, departures::removed));
  }
}
