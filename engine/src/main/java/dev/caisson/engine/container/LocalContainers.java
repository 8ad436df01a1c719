/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.container;

import dev.caisson.engine.AttachOptions;
import dev.caisson.engine.Attachment;
import dev.caisson.engine.Containers;
import dev.caisson.engine.Feed;
import dev.caisson.engine.Filters;
import dev.caisson.engine.LogOptions;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.image.ImageLibrary;
import dev.caisson.engine.instance.Failures;
import dev.caisson.engine.instance.Instance;
import dev.caisson.engine.instance.Surroundings;
import dev.caisson.engine.spec.CloneSpec;
import dev.caisson.engine.spec.CommitSpec;
import dev.caisson.engine.spec.CopySpec;
import dev.caisson.engine.spec.ExecSpec;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.ResourceSpec;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.stream.Execs;
import dev.caisson.engine.stream.InstanceStreams;
import dev.caisson.engine.text.Signal;
import dev.caisson.engine.view.Created;
import dev.caisson.engine.view.ExecInfo;
import dev.caisson.engine.view.ExitStatus;
import dev.caisson.engine.view.FileChange;
import dev.caisson.engine.view.InstanceInfo;
import dev.caisson.engine.view.InstanceSummary;
import dev.caisson.engine.view.LogRecord;
import dev.caisson.engine.view.PathStat;
import dev.caisson.engine.view.ProcessTable;
import dev.caisson.engine.view.PruneReport;
import dev.caisson.engine.view.Stats;
import dev.caisson.engine.view.Status;
import dev.caisson.engine.volume.LocalVolumes;
import dev.caisson.engine.workload.Definition;
import dev.caisson.sandbox.ability.Savable;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

/** The containers of this host. */
public final class LocalContainers implements Containers {
  private final Chambers isolations;
  private final InstanceTable table;
  private final Execs execs;
  private final Departures departures;
  private final Registration registration;
  private final Creation creation;
  private final Takeover takeover;
  private final Views views;
  private final Selection selection;
  private final InstanceFiles files;
  private final InstanceStreams streams = new InstanceStreams();

  LocalContainers(
      Surroundings around,
      Chambers isolations,
      ImageLibrary images,
      LocalVolumes volumes,
      InstanceTable table) {
    this.isolations = isolations;
    this.table = table;
    this.execs = new Execs(around.timer(), around.background());
    this.departures = new Departures(table, execs, volumes);
    this.registration = new Registration(table);
    var mounts = new MountPlanner(volumes, images, name -> table.find(name).definition());
    this.creation = new Creation(around, isolations, images, mounts, registration, departures);
    this.takeover = new Takeover(around, isolations, table, departures);
    this.views = new Views(around.clock(), images);
    this.selection = new Selection(around, table, views);
    this.files = new InstanceFiles(images);
  }

  /** Takes over what an engine before this one left. */
  public void readopt() {
    takeover.run();
  }

  @Override
  public Created create(InstanceSpec spec) {
    return creation.create(spec);
  }

  @Override
  public String explain(InstanceSpec spec, boolean json) {
    return creation.explain(spec, json, table.known(spec.image()).map(Instance::definition));
  }

  @Override
  public void start(String reference) {
    table.find(reference).start();
  }

  /**
   * Keeps a running container in a directory, as {@link Savable#save}.
   *
   * @param kept told while it still stands still; its failure makes this fail
   * @param goOn whether it runs on; else it is killed
   */
  public void keep(String reference, Path directory, boolean goOn, Consumer<Definition> kept) {
    try {
      table.find(reference).keep(directory, goOn, kept);
    } catch (RuntimeException e) {
      throw Failures.translate(e);
    }
  }

  /** Starts one where another was kept. */
  public void startFrom(String reference, Path directory, Consumer<Definition> check) {
    var instance = table.find(reference);
    check.accept(instance.definition());
    instance.startFrom(directory);
  }

  /** Makes one that is as another was when it was kept. */
  public Created createLike(Definition kept, CloneSpec spec) {
    return creation.createLike(kept, spec);
  }

  public boolean has(String id) {
    return table.all().stream().anyMatch(instance -> instance.definition().id().equals(id));
  }

  @Override
  public void stop(String reference, Optional<String> signal, Optional<Duration> timeout) {
    stop(table.find(reference), signal, timeout);
  }

  private static void stop(Instance instance, Optional<String> signal, Optional<Duration> timeout) {
    var effective = instance.definition().effective();
    instance.stop(
        Signal.parse(signal.filter(text -> !text.isEmpty()).orElse(effective.stopSignal())),
        timeout.orElse(effective.stopTimeout()));
  }

  @Override
  public void restart(String reference, Optional<String> signal, Optional<Duration> timeout) {
    var instance = table.find(reference);
    if (instance.running()) {
      stop(instance, signal, timeout);
    }
    instance.start();
    instance.event("restart");
  }

  @Override
  public void kill(String reference, String signal) {
    table.find(reference).kill(Signal.parse(signal.isEmpty() ? "KILL" : signal));
  }

  @Override
  public void pause(String reference) {
    table.find(reference).pause();
  }

  @Override
  public void unpause(String reference) {
    table.find(reference).unpause();
  }

  @Override
  public List<String> update(
      String reference, ResourceSpec resources, Optional<RestartPolicy> restartPolicy) {
    table.find(reference).update(resources, restartPolicy);
    return List.of();
  }

  @Override
  public void rename(String reference, String name) {
    registration.rename(table.find(reference), name);
  }

  @Override
  public void remove(String reference, boolean force, boolean withVolumes) {
    var instance = table.find(reference);
    instance.remove(force);
    if (withVolumes) {
      departures.releaseVolumes(instance);
    }
  }

  @Override
  public CompletableFuture<ExitStatus> exit(String reference, WaitCondition condition) {
    return table.find(reference).exit(condition);
  }

  @Override
  public InstanceInfo inspect(String reference, boolean sizes) {
    var instance = table.find(reference);
    return views.info(instance, execs.of(instance), sizes);
  }

  @Override
  public List<InstanceSummary> list(boolean all, int limit, boolean sizes, Filters filters) {
    return selection.list(all, limit, sizes, filters);
  }

  @Override
  public PruneReport prune(Filters filters) {
    return selection.prune(filters);
  }

  /** How many containers are in each state. */
  public Map<Status, Integer> counts() {
    return selection.counts();
  }

  @Override
  public Feed<LogRecord> logs(String reference, LogOptions options) {
    return streams.logs(table.find(reference), options);
  }

  @Override
  public Attachment attach(String reference, AttachOptions options) {
    return streams.attach(table.find(reference), options);
  }

  @Override
  public void resize(String reference, int rows, int columns) {
    streams.resize(table.find(reference), rows, columns);
  }

  @Override
  public ProcessTable top(String reference, List<String> psArguments) {
    return streams.top(table.find(reference), psArguments);
  }

  @Override
  public Stats stats(String reference) {
    return StatsFeed.sample(table.find(reference), Optional.empty());
  }

  @Override
  public Feed<Stats> statsFeed(String reference) {
    var instance = table.find(reference);
    return new StatsFeed(instance, () -> table.all().contains(instance));
  }

  @Override
  public List<FileChange> changes(String reference) {
    return files.changes(table.find(reference));
  }

  @Override
  public void export(String reference, OutputStream tar) {
    files.export(table.find(reference), tar);
  }

  @Override
  public PathStat stat(String reference, String path) {
    return files.stat(table.find(reference), path);
  }

  @Override
  public void copyOut(String reference, String path, OutputStream tar) {
    files.copyOut(table.find(reference), path, tar);
  }

  @Override
  public void copyIn(String reference, String path, InputStream tar, CopySpec options) {
    files.copyIn(table.find(reference), path, tar, options);
  }

  @Override
  public String commit(String reference, CommitSpec commit) {
    return files.commit(table.find(reference), commit);
  }

  @Override
  public String createExec(String reference, ExecSpec spec) {
    return execs.create(table.find(reference), spec);
  }

  @Override
  public Attachment startExec(String execId) {
    return execs.start(execId);
  }

  @Override
  public void startExecDetached(String execId) {
    execs.startDetached(execId);
  }

  @Override
  public void resizeExec(String execId, int rows, int columns) {
    execs.resize(execId, rows, columns);
  }

  @Override
  public ExecInfo inspectExec(String execId) {
    return execs.inspect(execId);
  }

  @Override
  public int execExit(String execId) {
    return execs.exitCode(execId);
  }

  /** Stops watching; what can go on without an engine does. */
  public void release() {
    departures.await();
    table.all().forEach(Instance::release);
    isolations.release();
    for (var instance : table.all()) {
      if (!isolations.named(instance.definition().isolation()).outlivesEngine()) {
        instance.leaveNetworks();
      }
    }
  }
}
