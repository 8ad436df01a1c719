/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.AttachOptions;
import dev.caisson.engine.Attachment;
import dev.caisson.engine.Containers;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Feed;
import dev.caisson.engine.Filters;
import dev.caisson.engine.LogOptions;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.image.ImageLibrary;
import dev.caisson.engine.spec.CommitSpec;
import dev.caisson.engine.spec.CopySpec;
import dev.caisson.engine.spec.ExecSpec;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.ResourceSpec;
import dev.caisson.engine.spec.RestartPolicy;
import dev.caisson.engine.state.Ids;
import dev.caisson.engine.state.RecordCodec;
import dev.caisson.engine.text.PruneLimit;
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
import dev.caisson.engine.workload.EffectiveConfig;
import dev.caisson.sandbox.ability.Attachable;
import dev.caisson.sandbox.ability.Copyable;
import dev.caisson.sandbox.ability.Diffable;
import dev.caisson.sandbox.ability.Explainable;
import dev.caisson.sandbox.ability.Exportable;
import dev.caisson.sandbox.ability.Listable;
import dev.caisson.sandbox.ability.Logged;
import dev.caisson.sandbox.workload.NetworkAttachment;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.random.RandomGenerator;

/** The containers of this host. */
public final class LocalContainers implements Containers {
  private static final System.Logger LOG = System.getLogger(LocalContainers.class.getName());

  /** Files we mount in every container; where they are mounted is no change of the workload's. */
  private static final Set<String> MADE_BY_US =
      Set.of("/etc/hostname", "/etc/hosts", "/etc/resolv.conf");

  /** How long the end of an engine waits for removals that have begun. */
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Surroundings around;
  private final Chambers isolations;
  private final ImageLibrary images;
  private final LocalVolumes volumes;
  private final InstanceTable table;
  private final Execs execs;
  private final Views views;
  private final MountPlanner mounts;
  private final Map<String, CompletableFuture<Void>> clearing = new ConcurrentHashMap<>();

  LocalContainers(
      Surroundings around,
      Chambers isolations,
      ImageLibrary images,
      LocalVolumes volumes,
      InstanceTable table) {
    this.around = around;
    this.isolations = isolations;
    this.images = images;
    this.volumes = volumes;
    this.table = table;
    this.execs = new Execs(around.timer(), around.background());
    this.views = new Views(around.clock(), images);
    this.mounts = new MountPlanner(volumes, images, name -> table.find(name).definition());
  }

  /** Takes over what an engine before this one left. */
  public void readopt() {
    for (var stored : around.store().entries(Keys.DEFINITIONS).entrySet()) {
      try {
        var definition = RecordCodec.decode(stored.getValue(), Definition.class);
        var progress = around.store().entries(Keys.progress(definition.id())).values();
        add(
            definition,
            progress.isEmpty()
                ? Progress.created()
                : RecordCodec.decode(progress.iterator().next(), Progress.class));
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.ERROR, "cannot read " + stored.getKey(), e);
      }
    }
    for (var instance : table.all()) {
      try {
        instance.readopt();
      } catch (RuntimeException e) {
        LOG.log(System.Logger.Level.ERROR, "cannot take over " + instance.definition().name(), e);
      }
    }
  }

  private Instance add(Definition definition, Progress progress) {
    var instance =
        new Instance(
            around, isolations.named(definition.isolation()), definition, progress, this::removed);
    table.claim(definition.name(), definition.id());
    table.add(instance);
    return instance;
  }

  private void removed(Instance instance) {
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

  private void releaseVolumes(Instance instance) {
    for (var mount : instance.definition().mounts()) {
      if (mount.anonymous() && mount.spec() instanceof MountSpec.Volume volume) {
        volumes.releaseAnonymous(volume.name());
      }
    }
  }

  @Override
  public Created create(InstanceSpec spec) {
    var id = newId();
    var name = claimName(spec, id);
    try {
      var definition = define(spec, id, name);
      // Compiled once now, so that what cannot be is refused before anything is stored.
      var unused = around.compiler().compile(definition, NetworkAttachment.NONE);
      around.linker().check(definition);
      var instance =
          new Instance(
              around,
              isolations.available(definition.isolation()),
              definition,
              Progress.created(),
              this::removed);
      instance.save();
      table.add(instance);
      instance.event("create");
      return new Created(id, warnings(spec));
    } catch (RuntimeException e) {
      table.release(name, id);
      throw Failures.translate(e);
    }
  }

  private String newId() {
    while (true) {
      var id = Ids.random();
      if (!table.knowsPrefix(id.substring(0, 12))) {
        return id;
      }
    }
  }

  private String claimName(InstanceSpec spec, String id) {
    if (spec.name().isEmpty() || spec.name().get().isEmpty()) {
      return InstanceName.random(RandomGenerator.getDefault(), name -> table.claim(name, id));
    }
    var name = InstanceName.check(spec.name().get());
    if (!table.claim(name, id)) {
      throw nameTaken(name);
    }
    return name;
  }

  private EngineException nameTaken(String name) {
    return EngineException.conflict(
        "Conflict. The container name \"/"
            + name
            + "\" is already in use by container \""
            + table.owner(name).orElse("")
            + "\". You have to remove (or rename) that container to be able to reuse that name.",
        "caisson rm " + name);
  }

  private Definition define(InstanceSpec spec, String id, String name) {
    var isolation = spec.isolation().filter(word -> !word.isEmpty()).orElse(isolations.standard());
    isolations.available(isolation);
    var template = images.template(spec.image(), spec.platform());
    var effective = EffectiveConfig.merge(spec, template.config(), id);
    Signal.parse(effective.stopSignal());
    return new Definition(
        id,
        name,
        around.clock().instant(),
        spec,
        effective,
        template,
        isolation,
        mounts.plan(spec.storage(), effective.volumes()));
  }

  private List<String> warnings(InstanceSpec spec) {
    var warnings = new ArrayList<String>();
    if (spec.resources().kernelMemory().isPresent()) {
      warnings.add("Kernel memory limits are gone from the kernel; it was discarded.");
    }
    if (spec.networking().mode().equals("host") && !spec.networking().published().isEmpty()) {
      warnings.add("Published ports are discarded when using host network mode");
    }
    around.linker().replacement(spec.networking()).ifPresent(warnings::add);
    return warnings;
  }

  @Override
  public void start(String reference) {
    table.find(reference).start();
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
    var instance = table.find(reference);
    var id = instance.definition().id();
    var checked = InstanceName.check(name);
    var old = instance.definition().name();
    if (checked.equals(old)) {
      throw EngineException.invalid(
          "Renaming a container with the same name as its current name", "choose another");
    }
    if (!table.claim(checked, id)) {
      throw nameTaken(checked);
    }
    try {
      instance.rename(checked);
      table.release(old, id);
    } catch (RuntimeException e) {
      table.release(checked, id);
      throw e;
    }
  }

  @Override
  public void remove(String reference, boolean force, boolean withVolumes) {
    var instance = table.find(reference);
    instance.remove(force);
    if (withVolumes) {
      releaseVolumes(instance);
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
    var filter = new InstanceFilter(filters, table);
    boolean stopped = all || limit > 0 || filter.wantsStopped();
    return table.all().stream()
        .filter(instance -> stopped || instance.running())
        .filter(filter::accepts)
        .sorted(
            Comparator.<Instance, java.time.Instant>comparing(
                    instance -> instance.definition().created())
                .reversed())
        .limit(limit > 0 ? limit : Long.MAX_VALUE)
        .map(instance -> views.summary(instance, sizes))
        .toList();
  }

  @Override
  public Feed<LogRecord> logs(String reference, LogOptions options) {
    return logs(table.find(reference), options);
  }

  private static Feed<LogRecord> logs(Instance instance, LogOptions options) {
    if (instance.definition().spec().log().driver().equals("none")) {
      throw EngineException.unsupported(
          "configured logging driver does not support reading",
          "create it with another --log-driver");
    }
    var logged = instance.ability(instance.sandbox(), Logged.class, "keep a log");
    return LogFeed.of(logged, options);
  }

  @Override
  public Attachment attach(String reference, AttachOptions options) {
    var instance = table.find(reference);
    if (instance.status() == Status.PAUSED) {
      throw EngineException.conflict(
          "Container " + reference + " is paused, unpause the container before attach.",
          "caisson unpause " + reference);
    }
    var replay =
        options.replay()
            ? Optional.of(
                logs(
                    instance,
                    new LogOptions(
                        options.stdout(),
                        options.stderr(),
                        false,
                        -1,
                        Optional.empty(),
                        Optional.empty())))
            : Optional.<Feed<LogRecord>>empty();
    var streams = instance.attachable(Attachable.class, "be attached to").attach();
    instance.event("attach");
    return new Streams(
        streams,
        options,
        instance.definition().spec().process().tty(),
        replay,
        () -> instance.event("detach"));
  }

  @Override
  public void resize(String reference, int rows, int columns) {
    var instance = table.find(reference);
    var sandbox = instance.requireRunning();
    try (var streams = instance.ability(sandbox, Attachable.class, "be attached to").attach()) {
      streams.resize(rows, columns);
      instance.event("resize", Map.of("height", "" + rows, "width", "" + columns));
    } catch (IOException e) {
      throw Failures.of(e);
    }
  }

  @Override
  public ProcessTable top(String reference, List<String> psArguments) {
    var instance = table.find(reference);
    var listable =
        instance.ability(instance.requireRunning(), Listable.class, "list its processes");
    try {
      var processes = listable.processes(psArguments);
      instance.event("top");
      return new ProcessTable(processes.titles(), processes.rows());
    } catch (RuntimeException e) {
      throw Failures.translatePath(e);
    }
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
    var instance = table.find(reference);
    return instance
        .ability(instance.sandbox(), Diffable.class, "tell its changes")
        .changes()
        .stream()
        .filter(change -> !MADE_BY_US.contains(change.path()))
        .map(change -> new FileChange(kind(change.kind()), change.path()))
        .toList();
  }

  private static FileChange.Kind kind(Diffable.ChangeKind kind) {
    return switch (kind) {
      case MODIFIED -> FileChange.Kind.MODIFIED;
      case ADDED -> FileChange.Kind.ADDED;
      case DELETED -> FileChange.Kind.DELETED;
    };
  }

  @Override
  public void export(String reference, OutputStream tar) {
    var instance = table.find(reference);
    files(() -> instance.ability(instance.sandbox(), Exportable.class, "be exported").export(tar));
    instance.event("export");
  }

  @Override
  public PathStat stat(String reference, String path) {
    try {
      var facts = copyable(table.find(reference)).facts(path);
      return new PathStat(facts.name(), facts.size(), facts.mode(), facts.modified(), facts.link());
    } catch (RuntimeException e) {
      throw Failures.translatePath(e);
    }
  }

  private static Copyable copyable(Instance instance) {
    return instance.ability(instance.sandbox(), Copyable.class, "copy files");
  }

  @Override
  public void copyOut(String reference, String path, OutputStream tar) {
    var instance = table.find(reference);
    files(() -> copyable(instance).copyOut(path, tar));
    instance.event("archive-path");
  }

  @Override
  public void copyIn(String reference, String path, InputStream tar, CopySpec options) {
    var instance = table.find(reference);
    var chosen =
        new Copyable.CopyOptions(options.noOverwriteDirectoryWithFile(), options.copyOwners());
    files(() -> copyable(instance).copyIn(path, tar, chosen));
    instance.event("extract-to-dir");
  }

  /** Something done with files and streams. */
  @FunctionalInterface
  private interface FileWork {
    void run() throws IOException;
  }

  private static void files(FileWork work) {
    try {
      work.run();
    } catch (IOException e) {
      throw Failures.of(e);
    } catch (RuntimeException e) {
      throw Failures.translatePath(e);
    }
  }

  @Override
  public String commit(String reference, CommitSpec commit) {
    var instance = table.find(reference);
    var exportable = instance.ability(instance.sandbox(), Exportable.class, "be committed");
    return instance.standingStill(
        commit.pause(),
        () -> {
          var definition = instance.definition();
          var image =
              images.commit(
                  definition.image().id(), definition.config(), commit, exportable::exportChanges);
          instance.event("commit", Map.of("imageID", image));
          return image;
        });
  }

  @Override
  public String createExec(String reference, ExecSpec spec) {
    var instance = table.find(reference);
    if (instance.status() == Status.PAUSED) {
      throw EngineException.conflict(
          "Container " + reference + " is paused, unpause the container before exec",
          "caisson unpause " + reference);
    }
    return execs.create(instance, spec);
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

  @Override
  public PruneReport prune(Filters filters) {
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

  @Override
  public String explain(InstanceSpec spec, boolean json) {
    var id = newId();
    try {
      var name = spec.name().orElse("example");
      var definition = define(spec, id, name);
      var isolation = isolations.available(definition.isolation());
      if (!(isolation instanceof Explainable explainable)) {
        throw EngineException.unsupported(
            "isolation " + definition.isolation() + " cannot explain its plans",
            "choose another --isolation");
      }
      var workload = around.compiler().compile(definition, around.linker().example(definition));
      var place = Places.of(around.root(), around.run(), id);
      var explanation = explainable.explain(workload, place);
      return json ? explanation.json() : explanation.table();
    } catch (RuntimeException e) {
      throw Failures.translate(e);
    }
  }

  /** How many containers are in each state. */
  public Map<Status, Integer> counts() {
    var counts = new java.util.EnumMap<Status, Integer>(Status.class);
    table.all().forEach(instance -> counts.merge(instance.status(), 1, Integer::sum));
    return counts;
  }

  /** Stops watching; what runs goes on. */
  public void release() {
    try {
      CompletableFuture.allOf(clearing.values().toArray(CompletableFuture[]::new))
          .get(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      LOG.log(System.Logger.Level.WARNING, "removals are left to the next engine");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    table.all().forEach(Instance::release);
  }
}
