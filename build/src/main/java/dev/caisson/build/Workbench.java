/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import dev.caisson.engine.AttachOptions;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Output;
import dev.caisson.engine.WaitCondition;
import dev.caisson.engine.spec.CommitSpec;
import dev.caisson.engine.spec.CopySpec;
import dev.caisson.engine.spec.HealthcheckSpec;
import dev.caisson.engine.spec.ImageConfig;
import dev.caisson.engine.spec.InstanceSpec;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.NetworkingSpec;
import dev.caisson.engine.spec.ProcessSpec;
import dev.caisson.engine.spec.StorageSpec;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/** A container that an instruction works in, gone when closed or when the engine comes up again. */
final class Workbench implements AutoCloseable {
  /** {@code S_IFMT} and {@code S_IFDIR} of stat(2). */
  private static final int FILE_TYPE = 0170000;

  private static final int DIRECTORY = 0040000;
  private static final int LINK = 0120000;

  /** As the kernel follows at most. path_resolution(7) */
  private static final int MOST_LINKS = 40;

  private final Engine engine;
  private final String container;

  private Workbench(Engine engine, InstanceSpec spec) {
    this.engine = engine;
    this.container = engine.containers().create(spec).id();
  }

  /** One that only holds an image's files. */
  static Workbench of(Engine engine, String image) {
    return new Workbench(engine, plain(image).command("true").build());
  }

  private static InstanceSpec.Builder plain(String image) {
    return InstanceSpec.of(image)
        .annotations(Map.of(InstanceSpec.TEMPORARY, "true"))
        .networking(NetworkingSpec.of("none"));
  }

  /**
   * One that runs a command.
   *
   * @param network mode, empty for the request's
   */
  static Workbench running(
      Engine engine,
      BuildRequest request,
      String image,
      ProcessSpec process,
      List<MountSpec> mounts,
      String network) {
    String mode = network.isEmpty() ? request.networkMode() : network;
    var spec =
        plain(image)
            .process(process)
            .networking(
                NetworkingSpec.of(mode.isEmpty() ? "default" : mode)
                    .withExtraHosts(request.extraHosts()))
            .resources(request.resources())
            .storage(StorageSpec.of(mounts))
            .healthcheck(Optional.of(noHealthcheck()));
    return new Workbench(engine, spec.build());
  }

  private static HealthcheckSpec noHealthcheck() {
    return new HealthcheckSpec(
        List.of("NONE"),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        OptionalInt.empty());
  }

  String id() {
    return container;
  }

  /** Runs the command to its end; returns its exit code. */
  int run(BuildOutput output, Cancellation cancellation) {
    var exit = engine.containers().exit(container, WaitCondition.NEXT_EXIT);
    var streams = new EnumMap<Output.Stream, Utf8Pieces>(Output.Stream.class);
    try (var attachment = engine.containers().attach(container, AttachOptions.output())) {
      engine.containers().start(container);
      try (var _ = cancellation.during(this::kill)) {
        for (var next = attachment.next(); next.isPresent(); next = attachment.next()) {
          Output piece = next.get();
          var text = streams.computeIfAbsent(piece.stream(), _ -> new Utf8Pieces());
          output.command(piece.stream(), text.decode(piece.data()));
        }
      }
    }
    streams.forEach((stream, text) -> output.command(stream, text.rest()));
    return exit.join().code();
  }

  /** Ends the command, if it is running. */
  private void kill() {
    try {
      engine.containers().kill(container, "KILL");
    } catch (EngineException notRunning) {
      // It has ended by itself.
    }
  }

  boolean isDirectory(String path) {
    try {
      // The dot makes a link to a directory count as one.
      return (engine.containers().stat(container, path + "/.").mode() & FILE_TYPE) == DIRECTORY;
    } catch (EngineException missing) {
      return false;
    }
  }

  /** {@code path} with the links at its end followed. */
  String followed(String path) {
    String current = path;
    for (int i = 0; i < MOST_LINKS; i++) {
      var facts = engine.containers().stat(container, current);
      if ((facts.mode() & FILE_TYPE) != LINK || facts.linkTarget().isEmpty()) {
        return current;
      }
      String target = facts.linkTarget();
      current =
          Path.of(target.startsWith("/") ? target : current + "/../" + target)
              .normalize()
              .toString();
    }
    throw new BuildException("'" + path + "' is a link that leads to itself");
  }

  /** Writes what lies at {@code path} into a file as tar. */
  void copyOut(String path, Path tar) throws IOException {
    try (var out = Files.newOutputStream(tar)) {
      engine.containers().copyOut(container, path, out);
    }
  }

  /** Unpacks a tar whose names begin at the root. */
  void copyIn(Path tar) throws IOException {
    try (InputStream in = Files.newInputStream(tar)) {
      engine.containers().copyIn(container, "/", in, new CopySpec(false, true));
    }
  }

  Accounts accounts() {
    return Accounts.read(path -> Accounts.fileOf(engine, container, path));
  }

  /** An image of the files as they are now. */
  String commit(ImageConfig config, String createdBy) {
    return engine
        .containers()
        .commit(
            container,
            new CommitSpec(
                Optional.empty(),
                "",
                "",
                false,
                List.of(),
                Optional.of(config),
                Optional.of(createdBy)));
  }

  /** Something done with an open one. */
  @FunctionalInterface
  interface Use<T> {
    T with(Workbench bench) throws IOException;
  }

  /** Does it and closes. */
  <T> T use(Use<T> use) {
    try (this) {
      return use.with(this);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    engine.containers().remove(container, true, true);
  }
}
