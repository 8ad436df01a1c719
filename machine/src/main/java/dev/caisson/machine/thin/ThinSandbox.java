/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.linux.file.Directory;
import dev.caisson.machine.engine.HostProcessors;
import dev.caisson.machine.guest.GuestProcess;
import dev.caisson.rootfs.RootfsException;
import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.SandboxState;
import dev.caisson.sandbox.ability.Attachable;
import dev.caisson.sandbox.ability.Attachment;
import dev.caisson.sandbox.ability.Copyable;
import dev.caisson.sandbox.ability.Diffable;
import dev.caisson.sandbox.ability.Executable;
import dev.caisson.sandbox.ability.Exportable;
import dev.caisson.sandbox.ability.Listable;
import dev.caisson.sandbox.ability.Logged;
import dev.caisson.sandbox.ability.Measurable;
import dev.caisson.sandbox.ability.Pausable;
import dev.caisson.sandbox.ability.Savable;
import dev.caisson.sandbox.ability.Updatable;
import dev.caisson.sandbox.workload.Resources;
import dev.caisson.sandbox.workload.Workload;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A workload in a machine of its own. The machine lives in the engine's process or as its child: if
 * the engine is killed the guest powers itself off, and the next engine reports exit status 137.
 */
final class ThinSandbox
    implements Sandbox,
        Attachable,
        Copyable,
        Diffable,
        Executable,
        Exportable,
        Listable,
        Logged,
        Measurable,
        Pausable,
        Savable,
        Updatable {
  private static final int KILL = 9;

  private final Workload workload;
  private final Place place;
  private final MachineParts parts;
  private final RunRecord record;
  private final OutputLog log;
  private final Broadcast output;
  private final SandboxFiles files;
  private final CompletableFuture<Exit> exit = new CompletableFuture<>();
  private final Object still = new Object(); // held while it is paused or kept, which end alike
  private SandboxState state = SandboxState.CREATED;
  private @Nullable ThinRun run;
  private Instant startedAt = Instant.EPOCH;
  private volatile @Nullable Stillness lastSaid; // while it is paused
  private boolean killed;

  ThinSandbox(Workload workload, Place place, MachineParts parts, boolean adopt) {
    this.workload = workload;
    this.place = place;
    this.parts = parts;
    this.record = new RunRecord(place.state());
    this.log = new OutputLog(place.state(), workload.log());
    this.output = new Broadcast(log, workload.process().terminal());
    this.files = new SandboxFiles(workload, place);
    if (adopt) {
      adopt();
    } else {
      WorkloadCheck.check(workload);
      makeState();
    }
  }

  private void makeState() {
    try {
      place.makeState();
    } catch (IOException e) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, "make " + place.state() + ": " + e.getMessage(), e);
    }
  }

  /** A run that was cut off has ended; what it left behind is taken away. */
  private void adopt() {
    Optional<RunRecord.Began> began = record.began();
    if (began.isEmpty()) {
      return;
    }
    Exit last = record.ended().orElse(null);
    if (last == null) {
      Leftovers.remove(began.get().pid(), workload.id(), workload.resources().cgroupParent());
      last = new Exit(RunRecord.LOST, false, began.get().time(), Instant.now());
      record.end(last);
    }
    state = SandboxState.EXITED;
    output.end();
    exit.complete(last);
  }

  @Override
  public Workload workload() {
    return workload;
  }

  @Override
  public synchronized SandboxState state() {
    return state;
  }

  @Override
  public synchronized void start() {
    requireNew();
    begin(shared -> {
      files.fillVolumes(shared);
      record.begin(0, startedAt);
      return ThinRun.start(workload, place, shared, parts, output);
    });
  }

  @Override
  public synchronized void startFrom(Path directory) {
    requireNew();
    SavedMachine.requireSavable(parts.engine(workload), workload);
    var saved = new SavedMachine(directory);
    SavedGuest guest = saved.check(); // before what is there is given up for it
    saved.placeFiles(workload, place);
    begin(shared -> {
      record.begin(0, startedAt);
      return new CloneStart(workload, place, shared, guest).start(parts, output, saved);
    });
  }

  private void requireNew() {
    if (state != SandboxState.CREATED) {
      throw wrongState("start", "it was started before");
    }
  }

  private void begin(Function<SharedFiles, ThinRun> starting) {
    startedAt = Instant.now();
    SharedFiles shared = SharedFiles.open(workload, place);
    ThinRun started;
    try {
      started = starting.apply(shared);
    } catch (RuntimeException e) {
      shared.close();
      record.end(new Exit(RunRecord.LOST, false, startedAt, Instant.now()));
      output.end(); // whoever is attached waits for a process that will not come
      throw e instanceof RootfsException
          ? new SandboxException(SandboxException.Kind.FAILED, String.valueOf(e.getMessage()), e)
          : e;
    }
    record.begin(started.machine().pid().orElse(0), startedAt);
    run = started;
    state = SandboxState.RUNNING;
    GuestProcess first = started.first();
    var _ =
        first
            .exited()
            .handle((code, gone) -> gone == null ? code : RunRecord.LOST)
            .thenAcceptAsync(code -> ended(started, code), Thread::startVirtualThread);
  }

  private void ended(ThinRun over, int code) {
    boolean outOfMemory = over.ranOutOfMemory();
    Exit how;
    synchronized (this) {
      how = new Exit(killed ? RunRecord.LOST : code, outOfMemory, startedAt, Instant.now());
      state = SandboxState.EXITED;
      run = null;
    }
    over.close();
    record.end(how);
    output.end();
    exit.complete(how);
  }

  @Override
  public void signal(int signal) {
    ThinRun current = running("signal");
    if (signal == KILL) {
      // A machine needs no cooperation to die; a paused or wedged guest could give none.
      synchronized (this) {
        killed = true;
      }
      current.machine().close();
      return;
    }
    current.first().signal(signal);
  }

  /** As after a kill of the engine: the next one finds that the run ended with 137. */
  void endNow() {
    ThinRun current;
    synchronized (this) {
      current = run;
      if (current == null) {
        return;
      }
      killed = true;
    }
    current.machine().close();
    exit.join();
  }

  private synchronized ThinRun running(String verb) {
    ThinRun current = run;
    if (current == null) {
      throw wrongState(verb, "it is not running");
    }
    return current;
  }

  private SandboxException wrongState(String verb, String reason) {
    return new SandboxException(
        SandboxException.Kind.WRONG_STATE, workload.name() + ": cannot " + verb + ": " + reason);
  }

  @Override
  public CompletableFuture<Exit> exit() {
    return exit;
  }

  @Override
  public synchronized OptionalInt pid() {
    ThinRun current = run;
    return current == null || current.machine().pid().isEmpty()
        ? OptionalInt.empty()
        : OptionalInt.of((int) current.machine().pid().getAsLong());
  }

  @Override
  public void delete() {
    endNow();
    log.close();
    Leftovers.deleteFiles(place);
  }

  @Override
  public void pause() {
    ThinRun current = running("pause");
    synchronized (still) {
      lastSaid = state() == SandboxState.RUNNING ? Stillness.of(current, workload) : lastSaid;
      change("pause", SandboxState.RUNNING, SandboxState.PAUSED);
      try {
        current.machine().pause();
      } catch (RuntimeException e) {
        change("pause", SandboxState.PAUSED, SandboxState.RUNNING);
        lastSaid = null;
        throw e;
      }
    }
  }

  @Override
  public void resume() {
    ThinRun current = running("resume");
    synchronized (still) {
      change("resume", SandboxState.PAUSED, SandboxState.RUNNING);
      lastSaid = null;
      current.machine().resume();
    }
  }

  private synchronized void change(String verb, SandboxState from, SandboxState to) {
    if (state != from) {
      throw wrongState(verb, "it is " + (state == SandboxState.PAUSED ? "" : "not ") + "paused");
    }
    state = to;
  }

  @Override
  public void save(Path directory, Set<String> volumes, Runnable kept, boolean goOn) {
    ThinRun current = running("keep");
    SavedMachine.requireSavable(parts.engine(workload), workload);
    synchronized (still) {
      if (state() == SandboxState.PAUSED) {
        throw wrongState("keep", "it is paused, and its guest cannot be told; resume it first");
      }
      new SavedMachine(directory).save(current, workload, place, volumes, kept, goOn);
    }
  }

  @Override
  public Attachment attach() {
    return output.attach();
  }

  @Override
  public Session exec(Command command) {
    ThinRun current = running("exec");
    if (state() == SandboxState.PAUSED) {
      throw wrongState("exec", "it is paused");
    }
    return current.exec(command, place);
  }

  @Override
  public Entries logs(Range range) {
    return log.entries(range);
  }

  @Override
  public Usage usage() {
    ThinRun current = running("measure");
    Stillness paused = lastSaid;
    return paused == null ? GuestStatistics.usage(current, workload) : paused.usage(current);
  }

  /** Within the machine's size, which is set when it starts, as is its number of processors. */
  @Override
  public void update(Resources resources) {
    ThinRun current = running("change the limits of");
    WorkloadCheck.change(workload, resources);
    resources.cpu().cpus().map(HostProcessors::ofThisHost).ifPresent(current.machine()::use);
    current.group().limit(resources);
  }

  @Override
  public ProcessTable processes(List<String> options) {
    return ProcessColumns.of(options).table(tasks());
  }

  private GuestProcesses tasks() {
    ThinRun current = running("list processes of");
    Stillness paused = lastSaid;
    return paused == null ? GuestProcesses.of(current) : paused.processes();
  }

  @Override
  public List<Integer> pids() {
    return tasks().pids();
  }

  private Optional<Directory> runningRoot() {
    synchronized (this) {
      ThinRun current = run;
      return current == null
          ? Optional.empty()
          : Optional.of(Directory.of(current.shared().root().fd().duplicate()));
    }
  }

  @Override
  public FileFacts facts(String path) {
    return files.facts(runningRoot(), path);
  }

  @Override
  public void copyOut(String path, OutputStream tar) throws IOException {
    files.copyOut(runningRoot(), path, tar);
  }

  @Override
  public void copyIn(String directory, InputStream tar, CopyOptions options) throws IOException {
    files.copyIn(runningRoot(), directory, tar, options);
  }

  @Override
  public List<Change> changes() {
    return files.changes();
  }

  @Override
  public void export(OutputStream tar) throws IOException {
    files.export(runningRoot(), tar);
  }

  @Override
  public void exportChanges(OutputStream tar) throws IOException {
    files.exportChanges(tar);
  }

  @Override
  public String toString() {
    return "thin machine " + workload.name() + " in " + place.state();
  }
}
