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

/** The containers an engine before this one left, taken over one after the other. */
final class Takeover {
  private static final System.Logger LOG = System.getLogger(Takeover.class.getName());

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
    for (var instance : table.all()) {
      try {
        instance.readopt();
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.ERROR, "cannot take over " + instance.definition().name(), e);
      }
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
