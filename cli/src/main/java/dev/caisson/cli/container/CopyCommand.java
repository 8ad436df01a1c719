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
    boolean contents = from.path().endsWith("/.");
    var path = absolute(contents ? withoutDot(from.path()) : from.path());
    if (to.equals("-")) {
      engine().containers().copyOut(from.container(), path, console().out());
      console().out().flush();
      return;
    }
    var stat = engine().containers().stat(from.container(), path);
    if (followLink && !stat.linkTarget().isEmpty()) {
      path = Path.of(path).resolveSibling(stat.linkTarget()).normalize().toString();
    }
    var destination = console().directory().resolve(to).normalize();
    boolean folder = (stat.mode() & 0170000) == 0040000;
    if (contents && folder) {
      if (!Files.isDirectory(destination)) {
        Files.createDirectory(destination);
      }
      copyOut(from, path, destination, stat.name(), ".");
      return;
    }
    boolean into = Files.isDirectory(destination);
    if (to.endsWith("/") && !into && !folder) {
      throw EngineException.notFound("no such directory: " + destination);
    }
    var parent = destination.getParent();
    var name = into ? stat.name() : destination.getFileName().toString();
    var directory = into || parent == null ? destination : parent;
    copyOut(from, path, directory, stat.name(), name);
  }

  private void copyOut(Side from, String path, Path directory, String packed, String name)
      throws IOException {
    piped(
        out -> engine().containers().copyOut(from.container(), path, out),
        in -> LocalFiles.unpack(in, directory, packed, name));
    tell(from.path(), directory.resolve(name).normalize().toString());
  }

  private static String withoutDot(String path) {
    var shorter = path.substring(0, path.length() - 2);
    return shorter.isEmpty() ? "/" : shorter;
  }

  private void copyIn(String from, Side to) throws IOException {
    var options = new CopySpec(true, archive);
    var path = absolute(to.path());
    if (from.equals("-")) {
      engine().containers().copyIn(to.container(), path, console().in(), options);
      return;
    }
    var local = console().directory().resolve(from).normalize();
    if (!Files.exists(local)) {
      throw EngineException.notFound("no such file or directory: " + local);
    }
    var place = place(to.container(), path, local, to.path().endsWith("/"));
    piped(
        out -> LocalFiles.pack(followLink ? local.toRealPath() : local, place.name(), out),
        in -> engine().containers().copyIn(to.container(), place.directory(), in, options));
    tell(local.toString(), to.container() + ":" + path);
  }

  /** The directory to unpack in, and the name of what is unpacked there. */
  private record Place(String directory, String name) {}

  private Place place(String container, String path, Path local, boolean mustBeDirectory) {
    try {
      var stat = engine().containers().stat(container, path);
      boolean directory = (stat.mode() & 0170000) == 0040000 || !stat.linkTarget().isEmpty();
      if (directory) {
        boolean contents = source.endsWith("/.");
        return new Place(path, contents ? "." : local.getFileName().toString());
      }
    } catch (EngineException e) {
      if (e.kind() != EngineException.Kind.NOT_FOUND || mustBeDirectory) {
        throw e;
      }
    }
    var inner = Path.of(path);
    var parent = inner.getParent();
    var name = inner.getFileName();
    return new Place(
        parent == null ? "/" : parent.toString(), name == null ? "." : name.toString());
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
