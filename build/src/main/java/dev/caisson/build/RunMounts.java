/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.MountSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;

/** The mounts of one RUN, made ready on the host and taken away when closed. */
final class RunMounts implements AutoCloseable {
  /** Where a secret without a target of its own is. */
  private static final String SECRETS = "/run/secrets";

  /** Where agents without a target of their own are, numbered. */
  private static final String AGENTS = "/run/buildkit/ssh_agent.";

  private static final String AGENT_VARIABLE = "SSH_AUTH_SOCK=";

  /** Caches in use, by directory: for those that may not be shared. */
  private static final ConcurrentMap<Path, ReentrantLock> CACHES = new ConcurrentHashMap<>();

  private final BuildJob job;
  private final List<MountSpec> mounts = new ArrayList<>();
  private final List<String> environment = new ArrayList<>();
  private final Deque<Undo> undo = new ArrayDeque<>();
  private Optional<Path> secrets = Optional.empty();
  private int agents;

  /** Takes something away again. */
  private interface Undo {
    void run() throws IOException;
  }

  RunMounts(BuildJob job) {
    this.job = job;
  }

  List<MountSpec> mounts() {
    return mounts;
  }

  /** Secrets that are given as variables. */
  List<String> environment() {
    return environment;
  }

  /**
   * @param image finds the image of a stage or name
   */
  void add(RunMount mount, UnaryOperator<String> image) throws IOException {
    switch (mount.kind()) {
      case TMPFS ->
          mounts.add(
              new MountSpec.Tmpfs(mount.target(), false, mount.size(), OptionalInt.empty(), ""));
      case CACHE -> cache(mount);
      case BIND -> bind(mount, image);
      case SECRET -> secret(mount);
      case SSH -> agent(mount);
    }
  }

  /** A script of a here-document as a file, where no layer keeps a trace of it. */
  void script(String path, String text) throws IOException {
    Path file = temporary("script");
    Files.writeString(file, text);
    Files.setAttribute(file, "unix:mode", 0755);
    bind(file, path, true);
  }

  private void bind(Path source, String target, boolean readOnly) {
    mounts.add(new MountSpec.Bind(source.toString(), target, readOnly, false, "", true, ""));
  }

  private void cache(RunMount mount) throws IOException {
    if (!mount.from().isEmpty() || !mount.source().isEmpty()) {
      throw new BuildException(
          "RUN --mount=type=cache: a cache here begins empty; copy into it with a RUN, without"
              + " from= and source=");
    }
    String id = mount.id().isEmpty() ? mount.target() : mount.id();
    String name =
        HexFormat.of()
            .formatHex(LayerTar.sha256().digest(id.getBytes(StandardCharsets.UTF_8)), 0, 16);
    Path directory = job.place().mountCaches().resolve(name);
    if (mount.sharing() != RunMount.Sharing.SHARED) {
      directory = alone(directory, mount.sharing());
    }
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory);
      own(directory, mount);
    }
    bind(directory, mount.target(), mount.readOnly());
  }

  private Path alone(Path directory, RunMount.Sharing sharing) {
    Path free = directory;
    for (int i = 1; ; i++) {
      var lock = CACHES.computeIfAbsent(free, path -> new ReentrantLock());
      boolean taken;
      if (sharing == RunMount.Sharing.LOCKED) {
        lock.lock();
        taken = true;
      } else {
        taken = !lock.isHeldByCurrentThread() && lock.tryLock();
      }
      if (taken) {
        undo.push(lock::unlock);
        return free;
      }
      free = directory.resolveSibling(directory.getFileName() + "-" + i);
    }
  }

  private static void own(Path path, RunMount mount) throws IOException {
    if (mount.user() != 0 || mount.group() != 0) {
      Files.setAttribute(path, "unix:uid", mount.user());
      Files.setAttribute(path, "unix:gid", mount.group());
    }
    Files.setAttribute(path, "unix:mode", mount.mode());
  }

  private void bind(RunMount mount, UnaryOperator<String> image) throws IOException {
    if (mount.origin().isPresent()) {
      Path files = copiedOut(image.apply(mount.from()), mount);
      bind(files, mount.target(), mount.readOnly());
      return;
    }
    Path source = job.context().resolved(mount.source());
    if (!Files.exists(source, LinkOption.NOFOLLOW_LINKS)) {
      throw new BuildException("RUN --mount: '" + mount.source() + "' is not in the build context");
    }
    // What is ignored must not be seen, and what is written must not stay.
    boolean asIs = mount.readOnly() && job.context().ignoresNothing();
    bind(asIs ? source : copied(source), mount.target(), mount.readOnly());
  }

  private Path copied(Path source) throws IOException {
    Path copy = temporaryDirectory("bind").resolve("it");
    for (Path path : job.context().tree(source)) {
      Path to = copy.resolve(source.relativize(path).toString());
      Files.createDirectories(to.resolveSibling(".").normalize());
      Files.copy(
          path,
          to,
          StandardCopyOption.COPY_ATTRIBUTES,
          StandardCopyOption.REPLACE_EXISTING,
          LinkOption.NOFOLLOW_LINKS);
    }
    return copy;
  }

  private Path copiedOut(String image, RunMount mount) throws IOException {
    String path = Path.of("/" + mount.source()).normalize().toString();
    Path tar = temporary("from");
    try (var bench = Workbench.of(job.engine(), image)) {
      bench.copyOut(bench.followed(path), tar);
    } catch (EngineException missing) {
      throw new BuildException("RUN --mount: " + missing.getMessage(), missing);
    }
    try (InputStream in = Files.newInputStream(tar)) {
      BuildContext unpacked = BuildContext.unpack(in, job.place().scratch());
      undo.push(unpacked::close);
      // The tar of a directory has one entry at its top, that of the root has many.
      Path top = unpacked.resolved(path.substring(path.lastIndexOf('/') + 1));
      return Files.exists(top, LinkOption.NOFOLLOW_LINKS) ? top : unpacked.resolved("");
    }
  }

  private void secret(RunMount mount) throws IOException {
    Optional<byte[]> lent = job.request().client().secret(mount.id());
    if (lent.isEmpty()) {
      if (mount.required()) {
        throw new BuildException(
            "RUN --mount=type=secret: no secret '"
                + mount.id()
                + "' was given; build with --secret id="
                + mount.id()
                + ",src=FILE");
      }
      return;
    }
    byte[] content = lent.get();
    if (!mount.environment().isEmpty()) {
      environment.add(mount.environment() + "=" + new String(content, StandardCharsets.UTF_8));
    }
    if (mount.target().isEmpty() && mount.environment().isEmpty()) {
      write(secretsDirectory().resolve(Path.of(mount.id()).getFileName()), content, mount);
    } else if (!mount.target().isEmpty()) {
      Path file = temporary("secret");
      write(file, content, mount);
      bind(file, mount.target(), true);
    }
  }

  /** The client's agent, at a socket that the command finds by its environment. */
  private void agent(RunMount mount) throws IOException {
    Optional<BuildClient.Agent> lent =
        job.request().client().agent(mount.id().isEmpty() ? "default" : mount.id());
    if (lent.isEmpty()) {
      if (mount.required()) {
        throw new BuildException(
            "RUN --mount=type=ssh: the client lends no agent; build with buildx and --ssh default,"
                + " or use type=secret with a key");
      }
      return;
    }
    BuildClient.Agent agent = lent.get();
    undo.push(agent::close);
    own(agent.socket(), mount);
    String target = mount.target().isEmpty() ? AGENTS + agents++ : mount.target();
    bind(agent.socket(), target, true);
    if (environment.stream().noneMatch(each -> each.startsWith(AGENT_VARIABLE))) {
      environment.add(AGENT_VARIABLE + target);
    }
  }

  private Path secretsDirectory() throws IOException {
    if (secrets.isEmpty()) {
      Path made = temporaryDirectory("secrets");
      Files.setAttribute(made, "unix:mode", 0755);
      secrets = Optional.of(made);
      bind(made, SECRETS, true);
    }
    return secrets.get();
  }

  private static void write(Path file, byte[] content, RunMount mount) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      Files.setAttribute(file, "unix:mode", 0600);
      out.write(content);
    }
    own(file, mount);
  }

  private Path temporary(String name) throws IOException {
    Path file = Files.createTempFile(job.place().scratch(), name, "");
    undo.push(() -> Files.deleteIfExists(file));
    return file;
  }

  private Path temporaryDirectory(String name) throws IOException {
    Path directory = Files.createTempDirectory(job.place().scratch(), name);
    undo.push(() -> BuildContext.delete(directory));
    return directory;
  }

  /** What decides whether a cached result is still right: contents that are bound. */
  static String key(List<RunMount> wanted, BuildContext context, UnaryOperator<String> image)
      throws IOException {
    var key = new CacheKey();
    for (RunMount mount : wanted) {
      key.add(mount.toString());
      if (mount.kind() == RunMount.Kind.BIND) {
        key.add(
            mount.origin().isPresent()
                ? image.apply(mount.from())
                : context.digest(mount.source()));
      }
    }
    return key.hex();
  }

  @Override
  public void close() throws IOException {
    IOException failure = null;
    while (!undo.isEmpty()) {
      try {
        undo.pop().run();
      } catch (IOException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
