/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.container;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import dev.caisson.engine.instance.Instance;
import dev.caisson.engine.instance.Surroundings;
import dev.caisson.engine.text.PruneLimit;
import dev.caisson.engine.view.InstanceSummary;
import dev.caisson.engine.view.PruneReport;
import dev.caisson.engine.view.Status;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Containers by what they are like: listed, counted, and cleaned up. */
final class Selection {
  private static final System.Logger LOG = System.getLogger(Selection.class.getName());

  private final Surroundings around;
  private final InstanceTable table;
  private final Views views;

  Selection(Surroundings around, InstanceTable table, Views views) {
    this.around = around;
    this.table = table;
    this.views = views;
  }

  List<InstanceSummary> list(boolean all, int limit, boolean sizes, Filters filters) {
    var filter = new InstanceFilter(filters, table);
    boolean stopped = all || limit > 0 || filter.wantsStopped();
    return table.all().stream()
        .filter(instance -> stopped || instance.running())
        .filter(filter::accepts)
        .sorted(
            Comparator.<Instance, Instant>comparing(instance -> instance.definition().created())
                .reversed())
        .limit(limit > 0 ? limit : Long.MAX_VALUE)
        .map(instance -> views.summary(instance, sizes))
        .toList();
  }

  PruneReport prune(Filters filters) {
    filters.requireKnown(Set.of("label", "label!", "until"));
    var limit = PruneLimit.of(filters, around.clock());
    var removed = new ArrayList<String>();
    long reclaimed = 0;
    for (var instance : List.copyOf(table.all())) {
      var definition = instance.definition();
      boolean stopped = instance.status() == Status.EXITED || instance.status() == Status.CREATED;
      if (stopped
          && limit.accepts(definition.created())
          && filters.acceptsLabels(definition.effective().labels())) {
        reclaimed += Views.written(instance.place().state());
        try {
          instance.remove(false);
          removed.add(definition.id());
        } catch (EngineException e) {
          LOG.log(
              System.Logger.Level.DEBUG, "not pruned: {0}: {1}", definition.name(), e.getMessage());
        }
      }
    }
    around
        .events()
        .publish("container", "prune", "", Map.of("reclaimed", String.valueOf(reclaimed)));
    return new PruneReport(removed, reclaimed);
  }

  /** How many containers are in each state. */
  Map<Status, Integer> counts() {
    var counts = new EnumMap<Status, Integer>(Status.class);
    table.all().forEach(instance -> counts.merge(instance.status(), 1, Integer::sum));
    return counts;
  }
}
