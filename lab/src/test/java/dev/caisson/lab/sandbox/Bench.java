/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.sandbox;

import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.ability.Attachable;
import dev.caisson.sandbox.ability.Attachment;
import dev.caisson.sandbox.ability.Executable;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** Where one test makes its sandboxes; closing takes all of them away. */
public final class Bench implements AutoCloseable {
  private static final AtomicInteger NEXT = new AtomicInteger();
  private static final int PATIENCE_SECONDS = 180;

  private final Isolation isolation;
  private final Path directory;
  private final RootFilesystem.Layers root;
  private final List<Sandbox> sandboxes = new ArrayList<>();

  public Bench(Isolation isolation, Path directory, RootFilesystem.Layers root) {
    this.isolation = isolation;
    this.directory = directory;
    this.root = root;
  }

  /** What came out of a run. */
  public record Outcome(Exit exit, String output, String errors) {
    public int code() {
      return exit.code();
    }
  }

  public Workload.Builder workload(String... arguments) {
    String id = "test" + ProcessHandle.current().pid() + "-" + NEXT.incrementAndGet();
    return Workload.builder(id, root).process(Program.of(arguments).build());
  }

  public RootFilesystem.Layers root() {
    return root;
  }

  public Place place(String id) {
    try {
      return new Place(
          Files.createDirectories(directory.resolve(id).resolve("s")),
          Files.createDirectories(directory.resolve(id).resolve("r")));
    } catch (IOException failed) {
      throw new java.io.UncheckedIOException(failed);
    }
  }

  public Sandbox create(Workload.Builder workload) {
    Workload built = workload.build();
    Sandbox sandbox = isolation.create(built, place(built.id()));
    sandboxes.add(sandbox);
    return sandbox;
  }

  public Sandbox start(Workload.Builder workload) {
    Sandbox sandbox = create(workload);
    sandbox.start();
    return sandbox;
  }

  /** What another engine would find in the place of a sandbox. */
  public Sandbox adopt(Sandbox sandbox) {
    return adopt(sandbox.workload(), place(sandbox.workload().id()));
  }

  /** What an engine would find of a workload that perhaps was never made. */
  public Sandbox adopt(Workload workload, Place place) {
    Sandbox adopted = isolation.adopt(workload, place);
    sandboxes.add(adopted);
    return adopted;
  }

  /** Runs to the end and collects what it wrote. */
  public Outcome run(Workload.Builder workload) {
    Sandbox sandbox = create(workload);
    try (Attachment attachment = sandbox.ability(Attachable.class).orElseThrow().attach()) {
      sandbox.start();
      return collect(attachment, sandbox);
    }
  }

  public Outcome run(String... arguments) {
    return run(workload(arguments));
  }

  /** Runs a shell script. */
  public Outcome sh(String script) {
    return run("sh", "-c", script);
  }

  public static Outcome collect(Attachment attachment, Sandbox sandbox) {
    String[] text = drain(attachment);
    return new Outcome(await(sandbox), text[0], text[1]);
  }

  /** Runs a further process to its end. */
  public static Outcome exec(Sandbox sandbox, Executable.Command command) {
    try (Executable.Session session =
        sandbox.ability(Executable.class).orElseThrow().exec(command)) {
      String[] text = drain(session);
      return new Outcome(
          session.exit().orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join(), text[0], text[1]);
    }
  }

  public static Outcome exec(Sandbox sandbox, String... arguments) {
    return exec(sandbox, Executable.Command.of(arguments));
  }

  private static String[] drain(Attachment attachment) {
    var output = new ByteArrayOutputStream();
    var errors = new ByteArrayOutputStream();
    try {
      for (Optional<Attachment.Chunk> chunk = attachment.read();
          chunk.isPresent();
          chunk = attachment.read()) {
        byte[] bytes = new byte[chunk.get().bytes().remaining()];
        chunk.get().bytes().get(bytes);
        (chunk.get().stream() == Attachment.Stream.STDOUT ? output : errors).writeBytes(bytes);
      }
    } catch (IOException failed) {
      throw new java.io.UncheckedIOException(failed);
    }
    return new String[] {
      output.toString(StandardCharsets.UTF_8), errors.toString(StandardCharsets.UTF_8)
    };
  }

  public static Exit await(Sandbox sandbox) {
    return sandbox.exit().orTimeout(PATIENCE_SECONDS, TimeUnit.SECONDS).join();
  }

  @Override
  public void close() {
    for (Sandbox sandbox : sandboxes.reversed()) {
      sandbox.delete();
    }
  }
}
