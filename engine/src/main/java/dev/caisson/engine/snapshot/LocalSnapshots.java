/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.snapshot;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import dev.caisson.engine.Snapshots;
import dev.caisson.engine.container.LocalContainers;
import dev.caisson.engine.event.EventLog;
import dev.caisson.engine.spec.CloneSpec;
import dev.caisson.engine.text.PruneLimit;
import dev.caisson.engine.view.Created;
import dev.caisson.engine.view.PruneReport;
import dev.caisson.engine.view.SnapshotInfo;
import dev.caisson.engine.workload.Definition;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Snapshots of this engine's containers, as directories of its own. */
public final class LocalSnapshots implements Snapshots {
  private static final Set<String> LISTED = Set.of("name", "container");
  private static final Set<String> PRUNED = Set.of("all", "until");

  private final SnapshotShelf shelf;
  private final LocalContainers containers;
  private final EventLog events;
  private final Clock clock;

  public LocalSnapshots(
      SnapshotShelf shelf, LocalContainers containers, EventLog events, Clock clock) {
    this.shelf = shelf;
    this.containers = containers;
    this.events = events;
    this.clock = clock;
  }

  @Override
  public SnapshotInfo create(String container, String name, boolean goOn) {
    var record =
        shelf.make(
            name,
            (sandbox, finish) ->
                containers.keep(
                    container,
                    sandbox,
                    goOn,
                    definition -> {
                      var unused = finish.apply(size -> record(name, definition, size));
                    }));
    events.publish(
        "snapshot",
        "create",
        name,
        Map.of("container", record.container().id(), "size", String.valueOf(record.size())));
    return record.info(shelf.directory(name));
  }

  private SnapshotRecord record(String name, Definition definition, long size) {
    return new SnapshotRecord(
        SnapshotRecord.VERSION,
        name,
        clock.instant(),
        definition,
        System.getProperty("os.version"),
        size);
  }

  @Override
  public SnapshotInfo inspect(String name) {
    return shelf.find(name).info(shelf.directory(name));
  }

  @Override
  public List<SnapshotInfo> list(Filters filters) {
    filters.requireKnown(LISTED);
    return shelf.all().stream()
        .map(record -> record.info(shelf.directory(record.name())))
        .filter(info ->
            filters.accepts("name", info.name()::contains)
                && filters.accepts(
                    "container",
                    wanted ->
                        info.containerName().equals(wanted) || info.container().startsWith(wanted)))
        .toList();
  }

  @Override
  public void remove(String name) {
    shelf.remove(name);
    events.publish("snapshot", "destroy", name, Map.of());
  }

  @Override
  public PruneReport prune(Filters filters) {
    filters.requireKnown(PRUNED);
    boolean all = filters.of("all").stream().anyMatch(List.of("1", "true")::contains);
    var limit = PruneLimit.of(filters, clock);
    var removed = new ArrayList<String>();
    long reclaimed = 0;
    for (var record : shelf.all()) {
      if ((all || !containers.has(record.container().id())) && limit.accepts(record.created())) {
        remove(record.name());
        removed.add(record.name());
        reclaimed += record.size();
      }
    }
    return new PruneReport(removed, reclaimed);
  }

  @Override
  public Created makeContainer(String name, CloneSpec spec) {
    return containers.createLike(shelf.find(name).container(), spec);
  }

  @Override
  public void start(String name, String container) {
    var kept = shelf.find(name).container();
    containers.startFrom(container, shelf.sandbox(name), own -> requireAlike(name, kept, own));
  }

  private static void requireAlike(String name, Definition kept, Definition own) {
    if (!kept.image().id().equals(own.image().id())
        || !kept.isolation().equals(own.isolation())
        || !targets(kept).equals(targets(own))) {
      throw EngineException.invalid(
          "snapshot %s was taken of another kind of container: of image %s, isolation %s, mounts at %s"
              .formatted(name, kept.spec().image(), kept.isolation(), targets(kept)),
          "caisson snapshot run " + name);
    }
  }

  private static List<String> targets(Definition definition) {
    return definition.mounts().stream().map(point -> point.spec().target()).toList();
  }
}
