/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.container;

import dev.caisson.cli.command.EngineCommand;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.CopySpec;
import java.io.IOException;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Files between the caller and a container; {@code -} is a tar stream. */
@Command(name = "cp", description = "Copy files between a container and here")
final class CopyCommand extends EngineCommand {
  private static final int PIPE = 256 << 10;

  @Option(
      names = {"-a", "--archive"},
      description = "keep owners")
  boolean archive;

  @Option(
      names = {"-L", "--follow-link"},
      description = "copy what a link in the source leads to")
  boolean followLink;

  @Option(
      names = {"-q", "--quiet"},
      description = "say nothing")
  boolean quiet;

  @Parameters(
      index = "0",
      paramLabel = "[CONTAINER:]SOURCE|-",
      description = "what to copy; - for a tar on standard input")
  String source = "";

  @Parameters(
      index = "1",
      paramLabel = "[CONTAINER:]TARGET|-",
      description = "where to; - for a tar on standard output")
  String target = "";

  /** One side of a copy. */
  private record Side(String container, String path) {
    static Side parse(String text) {
      int colon = text.indexOf(':');
      boolean local = colon <= 0 || text.startsWith("/") || text.startsWith(".");
      return local
          ? new Side("", text)
          : new Side(text.substring(0, colon), text.substring(colon + 1));
    }

    boolean isLocal() {
      return container.isEmpty();
    }
  }

  @Override
  public Integer call() {
    var from = Side.parse(source);
    var to = Side.parse(target);
    if (from.isLocal() == to.isLocal()) {
      throw EngineException.invalid(
          from.isLocal()
              ? "must specify at least one container source"
              : "copying between containers is not supported",
          "caisson cp CONTAINER:PATH PATH, or the other way round");
    }
    try {
      if (from.isLocal()) {
        copyIn(from.path(), to);
      } else {
        copyOut(from, to.path());
      }
      return 0;
    } catch (IOException e) {
      throw EngineException.io(String.valueOf(e.getMessage()), e);
    }
  }

  private void copyOut(Side from, String to) throws IOException {
    if (from.path().isEmpty()) {
      throw EngineException.invalid(
          "the path in the container is empty", "caisson cp CONTAINER:PATH PATH");
    }
    var wanted = Wanted.of(from.path(), followLink);
    var asked = new ContainerPath(engine().containers(), from.container(), absolute(wanted.path()));
    var found = asked.stat();
    var source = wanted.behindLinks() ? asked.followed() : asked;
    var stat = source.stat();
    boolean folder = ContainerPath.isDirectory(stat);
    wanted.requireDirectory(folder);
    if (to.equals("-")) {
      engine().containers().copyOut(from.container(), source.path(), console().out());
      console().out().flush();
      return;
    }
    var destination = console().directory().resolve(to).normalize();
    if (wanted.contents()) {
      if (!Files.isDirectory(destination)) {
        Files.createDirectory(destination);
      }
      copyOut(from, source.path(), destination, stat.name(), ".");
      return;
    }
    boolean into = Files.isDirectory(destination);
    if (to.endsWith("/") && !into && !folder) {
      throw EngineException.notFound("no such directory: " + destination);
    }
    var parent = destination.getParent();
    var name = into ? found.name() : destination.getFileName().toString();
    var directory = into || parent == null ? destination : parent;
    copyOut(from, source.path(), directory, stat.name(), name);
  }

  private void copyOut(Side from, String path, Path directory, String packed, String name)
      throws IOException {
    piped(
        out -> engine().containers().copyOut(from.container(), path, out),
        in -> LocalFiles.unpack(in, directory, packed, name));
    tell(from.path(), directory.resolve(name).normalize().toString());
  }

  private void copyIn(String from, Side to) throws IOException {
    var options = new CopySpec(true, archive);
    var path = absolute(to.path());
    if (from.equals("-")) {
      engine().containers().copyIn(to.container(), path, console().in(), options);
      return;
    }
    var wanted = Wanted.of(from, followLink);
    var local = console().directory().resolve(from).normalize();
    if (wanted.behindLinks()
        ? !Files.exists(local)
        : !Files.exists(local, LinkOption.NOFOLLOW_LINKS)) {
      throw EngineException.notFound("no such file or directory: " + local);
    }
    var root = wanted.behindLinks() ? local.toRealPath() : local;
    boolean folder = Files.isDirectory(root, LinkOption.NOFOLLOW_LINKS);
    wanted.requireDirectory(folder);
    var name = wanted.contents() ? "." : local.getFileName().toString();
    var asked = new ContainerPath(engine().containers(), to.container(), path);
    var place = asked.placeFor(name, folder, to.path().endsWith("/"));
    piped(
        out -> LocalFiles.pack(root, place.name(), out),
        in -> engine().containers().copyIn(to.container(), place.directory(), in, options));
    tell(local.toString(), to.container() + ":" + path);
  }

  /**
   * What a source means by how it is written.
   *
   * @param path without what follows the last name
   * @param contents what is in it, rather than itself
   * @param behindLinks what a link leads to
   * @param directory whether it must be one
   */
  private record Wanted(String path, boolean contents, boolean behindLinks, boolean directory) {
    static Wanted of(String text, boolean followLink) {
      boolean contents = text.endsWith("/.") || text.equals(".");
      boolean directory = contents || text.endsWith("/");
      var path = text.replaceAll("(/+\\.?)+$", "");
      return new Wanted(path.isEmpty() ? "/" : path, contents, followLink || directory, directory);
    }

    void requireDirectory(boolean folder) {
      if (directory && !folder) {
        throw EngineException.invalid(
            path + ": not a directory", "leave out what follows its name");
      }
    }
  }

  private static String absolute(String path) {
    return path.startsWith("/") ? path : "/" + path;
  }

  private void tell(String from, String to) {
    if (!quiet && console().isTerminal(2)) {
      console().err().println("Successfully copied " + from + " to " + to);
    }
  }

  /** Writes a stream. */
  @FunctionalInterface
  private interface Writer {
    void write(java.io.OutputStream out) throws IOException;
  }

  /** Reads a stream. */
  @FunctionalInterface
  private interface Reader {
    void read(java.io.InputStream in) throws IOException;
  }

  private static void piped(Writer writer, Reader reader) throws IOException {
    var in = new PipedInputStream(PIPE);
    var out = new PipedOutputStream(in);
    var writing =
        CompletableFuture.runAsync(
            () -> write(writer, out), work -> Thread.ofVirtual().name("copy").start(work));
    try (in) {
      reader.read(in);
    }
    try {
      writing.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof EngineException known ? known : e;
    }
  }

  private static void write(Writer writer, PipedOutputStream out) {
    try (out) {
      writer.write(out);
    } catch (IOException e) {
      throw EngineException.io(String.valueOf(e.getMessage()), e);
    }
  }
}
