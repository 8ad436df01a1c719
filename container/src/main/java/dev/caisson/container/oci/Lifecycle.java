/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.run.Launch;
import dev.caisson.launch.run.Report;
import dev.caisson.launch.run.ReportReader;
import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixListener;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.linux.process.ProcessFd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/** The operations of an OCI runtime on containers below one root directory. */
final class Lifecycle {
  private static final Duration END = Duration.ofSeconds(10);
  private static final int POLL_MILLIS = 10;

  private final StateStore store;

  Lifecycle(Path root) {
    store = new StateStore(root);
  }

  /** What create and run are told besides the bundle. */
  record Request(Path bundle, Optional<Path> pidFile, Optional<String> console, boolean noPivot) {}

  void create(String id, Request request) {
    store.claim(id);
    try (var listener = UnixListener.open(store.startSocket(id), SocketKind.STREAM, 1)) {
      var manner = new ConfigPlan.Manner(true, false, request.console(), request.noPivot());
      launch(id, request, manner, List.of(listener.fd())).close();
    } catch (RuntimeException failed) {
      undo(id);
      throw failed;
    }
  }

  /** Runs a container; answers its exit code, or 0 at once when detached. */
  int run(String id, Request request, boolean detach) {
    store.claim(id);
    var manner = new ConfigPlan.Manner(false, !detach, request.console(), request.noPivot());
    try (Launch launch = launch(id, request, manner, List.of())) {
      Hooks.run(
          store.load(id).config(), "poststart", hookState(id, "running"), store.load(id).pid());
      if (detach) {
        return 0;
      }
      int code = launch.next().map(report -> ((Report.Exited) report).code()).orElse(1);
      delete(id, true);
      return code;
    } catch (RuntimeException failed) {
      undo(id);
      throw failed;
    }
  }

  private Launch launch(String id, Request request, ConfigPlan.Manner manner, List<Fd> passed) {
    JsonNode config = Document.read(request.bundle().resolve("config.json"));
    Path root = request.bundle().resolve(Document.text(config.path("root"), "path"));
    new ProgramLookup(config, root).require();
    Optional<Cgroup> cgroup = ConfigCgroup.of(id, config);
    cgroup.ifPresent(group -> ConfigCgroup.create(group, config));
    try {
      LaunchPlan plan = ConfigPlan.of(id, config, request.bundle(), cgroup, manner);
      Launch launch = StubStart.start(plan, passed);
      int pid = StubStart.pid(launch);
      store.save(
          new ContainerState(
              id,
              pid,
              ContainerState.startTicks(pid),
              request.bundle(),
              Instant.now().toString(),
              config));
      request.pidFile().ifPresent(file -> write(file, Integer.toString(pid)));
      return launch;
    } catch (RuntimeException failed) {
      cgroup.ifPresent(Lifecycle::clear);
      throw failed;
    }
  }

  /** Lets a created container run; its failure to do so is ours. */
  void start(String id) {
    ContainerState state = store.load(id);
    Path socket = store.startSocket(id);
    if (!Files.exists(socket) || !state.alive()) {
      throw new OciException(
          "container " + id + " is " + status(state) + "; only a created one is started");
    }
    var reader = new ReportReader();
    try (var starter = UnixSocket.connect(socket, SocketKind.STREAM)) {
      while (true) {
        try (var message = starter.receive(reader.space())) {
          if (message.isEnd()) {
            break;
          }
          reader.add(message.bytes(), message.bytes().length);
        }
      }
    }
    delete(socket);
    if (reader.next().orElse(null) instanceof Report.Failed failed) {
      throw new OciException("container " + id + " did not start: " + StubStart.reason(failed));
    }
    Hooks.run(state.config(), "poststart", hookState(id, "running"), state.pid());
  }

  String state(String id) {
    ContainerState state = store.load(id);
    ObjectNode node = Document.MAPPER.createObjectNode();
    String status = status(state);
    node.put("ociVersion", "1.2.0").put("id", id).put("status", status);
    node.put("pid", status.equals("stopped") ? 0 : state.pid())
        .put("bundle", state.bundle().toString());
    node.put(
        "rootfs",
        state.bundle().resolve(Document.text(state.config().path("root"), "path")).toString());
    node.put("created", state.created());
    JsonNode annotations = state.config().path("annotations");
    if (annotations.isObject()) {
      node.set("annotations", annotations);
    }
    return Document.MAPPER.writerWithDefaultPrettyPrinter().writeValueAsString(node);
  }

  /** {@code created}, {@code running}, {@code paused} or {@code stopped}, as of now. */
  String status(ContainerState state) {
    if (!state.alive()) {
      return "stopped";
    }
    if (Files.exists(store.startSocket(state.id()))) {
      return "created";
    }
    boolean frozen = ConfigCgroup.of(state.id(), state.config()).map(Cgroup::frozen).orElse(false);
    return frozen ? "paused" : "running";
  }

  void kill(String id, int signal, boolean all) {
    ContainerState state = requireAlive(id);
    if (all) {
      for (int pid : pids(id)) {
        signal(pid, signal);
      }
      return;
    }
    signal(state.pid(), signal);
  }

  private static void signal(int pid, int signal) {
    try (var process = ProcessFd.open(pid)) {
      process.signal(signal);
    } catch (LinuxException e) {
      if (e.errno() != Errno.ESRCH) {
        throw e;
      }
    }
  }

  void delete(String id, boolean force) {
    if (force && !Files.exists(store.directory(id))) {
      return;
    }
    ContainerState state = store.load(id);
    if (state.alive()) {
      if (!force && !status(state).equals("created")) {
        throw new OciException("container " + id + " is running; stop it first, or use --force");
      }
      signal(state.pid(), 9);
      awaitEnd(state);
    }
    ConfigCgroup.of(id, state.config()).ifPresent(Lifecycle::clear);
    store.remove(id);
    Hooks.run(
        state.config(),
        "poststop",
        Hooks.state(id, "stopped", state.bundle(), state.config().path("annotations")),
        0);
  }

  private static void clear(Cgroup group) {
    group.kill();
    Instant patience = Instant.now().plus(END);
    while (!group.remove() && Instant.now().isBefore(patience)) {
      pause();
    }
  }

  private static void awaitEnd(ContainerState state) {
    Instant patience = Instant.now().plus(END);
    while (state.alive()) {
      if (Instant.now().isAfter(patience)) {
        throw new OciException("container " + state.id() + " does not end");
      }
      pause();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OciException("interrupted", e);
    }
  }

  void freeze(String id, boolean frozen) {
    ContainerState state = requireAlive(id);
    Cgroup group = group(state);
    if (frozen) {
      group.freeze();
    } else {
      group.thaw();
    }
  }

  private Cgroup group(ContainerState state) {
    return ConfigCgroup.of(state.id(), state.config())
        .orElseThrow(
            () -> new OciException("container " + state.id() + " has no control group for this"));
  }

  private ContainerState requireAlive(String id) {
    ContainerState state = store.load(id);
    if (!state.alive()) {
      throw new OciException("container " + id + " is not running");
    }
    return state;
  }

  /** Changes the limits named in a document of the form of {@code linux.resources}. */
  void update(String id, JsonNode limits) {
    group(requireAlive(id)).update(ConfigResources.of(limits));
  }

  /** Prints use and lack of memory, once or until the container ends. */
  void events(String id, Duration interval, boolean once) {
    ContainerState state = requireAlive(id);
    var events = new Events(id, group(state), System.out);
    if (once) {
      events.stats();
    } else {
      events.follow(interval, state::alive);
    }
  }

  List<Integer> pids(String id) {
    ContainerState state = store.load(id);
    return ConfigCgroup.of(id, state.config()).map(Cgroup::pids).orElse(List.of(state.pid()));
  }

  List<ContainerState> list() {
    return store.all();
  }

  /** Runs another process in a running container. */
  int exec(String id, JsonNode process, FurtherProcess.Manner manner) {
    ContainerState state = store.load(id);
    if (!status(state).equals("running")) {
      throw new OciException(
          "container " + id + " is " + status(state) + "; exec needs a running one");
    }
    return new FurtherProcess(state, process).run(manner);
  }

  JsonNode config(String id) {
    return store.load(id).config();
  }

  private Hooks.State hookState(String id, String status) {
    ContainerState state = store.load(id);
    return Hooks.state(id, status, state.bundle(), state.config().path("annotations"));
  }

  private void undo(String id) {
    try {
      delete(id, true);
    } catch (RuntimeException unfinished) {
      store.remove(id); // it failed before there was a state
    }
  }

  static void write(Path file, String content) {
    try {
      Files.writeString(file, content);
    } catch (IOException e) {
      throw new OciException(file + " cannot be written: " + e.getMessage(), e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new OciException(
          file + " cannot be removed: " + String.valueOf(e.getMessage()).toLowerCase(Locale.ROOT),
          e);
    }
  }
}
