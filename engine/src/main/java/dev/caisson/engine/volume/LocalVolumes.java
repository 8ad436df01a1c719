/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.volume;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import dev.caisson.engine.Volumes;
import dev.caisson.engine.event.EventLog;
import dev.caisson.engine.spec.VolumeSpec;
import dev.caisson.engine.state.Change;
import dev.caisson.engine.state.Ids;
import dev.caisson.engine.state.RecordCodec;
import dev.caisson.engine.state.Store;
import dev.caisson.engine.view.PruneReport;
import dev.caisson.engine.view.VolumeInfo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Volumes as directories of the host: {@code volumes/NAME/_data}. The record is stored before the
 * directory is made and removed after it, so that a killed engine leaves no directory unknown.
 */
public final class LocalVolumes implements Volumes {
  private static final String KEYS = "volume/";
  private static final Pattern NAME = Pattern.compile("[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}");
  private static final Set<String> FILTERS =
      Set.of("all", "dangling", "driver", "label", "label!", "name");

  private final Path directory;
  private final Store store;
  private final EventLog events;
  private final Clock clock;
  private final VolumeUsers users;
  private final Map<String, VolumeRecord> records = new TreeMap<>();

  public LocalVolumes(
      Path directory, Store store, EventLog events, Clock clock, VolumeUsers users) {
    this.directory = directory;
    this.store = store;
    this.events = events;
    this.clock = clock;
    this.users = users;
    for (var stored : store.entries(KEYS).values()) {
      var record = RecordCodec.decode(stored, VolumeRecord.class);
      records.put(record.name(), record);
      makeDirectory(record.name()); // killed between record and directory
    }
  }

  @Override
  public VolumeInfo create(VolumeSpec spec) {
    return obtain(spec.name(), spec.driver(), spec.options(), spec.labels());
  }

  /** Finds a volume by name, or makes it; an empty name makes an anonymous one. */
  public synchronized VolumeInfo obtain(
      String name, String driver, Map<String, String> options, Map<String, String> labels) {
    if (!driver.isEmpty() && !driver.equals("local")) {
      throw EngineException.notFound("error looking up volume plugin " + driver + ": not found");
    }
    var existing = records.get(name);
    if (existing != null) {
      return info(existing);
    }
    if (!name.isEmpty() && !NAME.matcher(name).matches()) {
      throw EngineException.invalid(
          "\""
              + name
              + "\" includes invalid characters for a local volume name, only"
              + " \"[a-zA-Z0-9][a-zA-Z0-9_.-]\" are allowed",
          "to mount a directory of the host, give its absolute path");
    }
    if (!options.isEmpty()) {
      throw EngineException.unsupported(
          "volume options " + options.keySet() + " are not offered",
          "mount it on the host and bind that directory");
    }
    var record =
        new VolumeRecord(
            name.isEmpty() ? Ids.random() : name, clock.instant(), name.isEmpty(), labels, options);
    store.write(new Change.Put(KEYS + record.name(), RecordCodec.encode(record)));
    store.sync();
    makeDirectory(record.name());
    records.put(record.name(), record);
    events.publish("volume", "create", record.name(), Map.of("driver", "local"));
    return info(record);
  }

  private Path mountpoint(String name) {
    return directory.resolve(name).resolve("_data");
  }

  private void makeDirectory(String name) {
    try {
      Files.createDirectories(mountpoint(name));
    } catch (IOException e) {
      throw EngineException.io("cannot make volume " + name + ": " + e.getMessage(), e);
    }
  }

  private VolumeInfo info(VolumeRecord record) {
    return new VolumeInfo(
        record.name(),
        "local",
        mountpoint(record.name()),
        record.created(),
        record.anonymous(),
        record.labels(),
        record.options(),
        OptionalLong.empty(),
        -1);
  }

  @Override
  public synchronized VolumeInfo inspect(String name) {
    return info(find(name));
  }

  private VolumeRecord find(String name) {
    var record = records.get(name);
    if (record == null) {
      throw EngineException.notFound("get " + name + ": no such volume");
    }
    return record;
  }

  @Override
  public synchronized List<VolumeInfo> list(Filters filters) {
    filters.requireKnown(FILTERS);
    filters.requireTruth("dangling");
    return records.values().stream()
        .filter(record -> accepts(filters, record))
        .map(this::info)
        .toList();
  }

  private boolean accepts(Filters filters, VolumeRecord record) {
    return filters.accepts("name", record.name()::contains)
        && filters.accepts("driver", "local"::equals)
        && filters.acceptsLabels(record.labels())
        && filters.accepts(
            "dangling",
            wanted ->
                List.of("1", "true").contains(wanted)
                    == users.containersOf(record.name()).isEmpty());
  }

  @Override
  public synchronized void remove(String name, boolean force) {
    if (force && !records.containsKey(name)) {
      return;
    }
    find(name);
    var containers = users.containersOf(name);
    if (!containers.isEmpty()) {
      throw EngineException.conflict(
          "remove " + name + ": volume is in use - " + containers,
          "caisson rm " + String.join(" ", containers));
    }
    delete(name);
  }

  /** Removes an anonymous volume with its container, unless another one uses it too. */
  public synchronized void releaseAnonymous(String name) {
    var record = records.get(name);
    if (record != null && record.anonymous() && users.containersOf(name).isEmpty()) {
      delete(name);
    }
  }

  private void delete(String name) {
    removeTree(directory.resolve(name));
    store.write(new Change.Remove(KEYS + name));
    records.remove(name);
    events.publish("volume", "destroy", name, Map.of("driver", "local"));
  }

  private static void removeTree(Path tree) {
    try {
      Trees.remove(tree);
    } catch (IOException e) {
      throw EngineException.io("cannot remove " + tree + ": " + e.getMessage(), e);
    }
  }

  @Override
  public synchronized PruneReport prune(Filters filters) {
    filters.requireKnown(FILTERS);
    boolean all = filters.of("all").stream().anyMatch(List.of("1", "true")::contains);
    var removed = new ArrayList<String>();
    long reclaimed = 0;
    for (var record : List.copyOf(records.values())) {
      if ((all || record.anonymous())
          && filters.acceptsLabels(record.labels())
          && users.containersOf(record.name()).isEmpty()) {
        reclaimed += size(record.name());
        delete(record.name());
        removed.add(record.name());
      }
    }
    events.publish("volume", "prune", "", Map.of("reclaimed", String.valueOf(reclaimed)));
    return new PruneReport(removed, reclaimed);
  }

  /** All volumes with their sizes, which takes reading every one. */
  public List<VolumeInfo> measured() {
    return list(Filters.none()).stream()
        .map(info ->
            new VolumeInfo(
                info.name(),
                info.driver(),
                info.mountpoint(),
                info.created(),
                info.anonymous(),
                info.labels(),
                info.options(),
                OptionalLong.of(size(info.name())),
                users.containersOf(info.name()).size()))
        .toList();
  }

  private long size(String name) {
    var sum = new TreeSize();
    try {
      Files.walkFileTree(mountpoint(name), sum);
    } catch (IOException e) {
      // a tree that changes is measured as far as it held still
    }
    return sum.bytes();
  }
}
