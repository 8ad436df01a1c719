/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.solve;

import dev.caisson.build.BuildContext;
import dev.caisson.build.BuildException;
import dev.caisson.build.BuildPlace;
import dev.caisson.build.BuildStep;
import dev.caisson.buildkit.session.ClientSession;
import dev.caisson.buildkit.session.Sessions;
import dev.caisson.engine.Engine;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/** The files of one build, brought here from its client and deleted when closed. */
final class Inputs implements AutoCloseable {
  private static final int DOCKERFILE_LIMIT = 2 << 20;
  private static final int IGNORE_FILE_LIMIT = 1 << 20;
  private static final String IGNORE_FILE = ".dockerignore";

  private static final String IMAGE = "docker-image://";
  private static final String LOCAL = "local:";
  private static final String SESSION_HOST = "buildkit-session";

  /** Where a tar's header says that it is one. tar(5) */
  private static final int TAR_MAGIC = 257;

  private static final int TAR_MAGIC_END = 262;

  private final Engine engine;
  private final Sessions sessions;
  private final Attributes attributes;
  private final String session;
  private final Vertexes vertexes;
  private final BuildPlace place;
  private final Path scratch;
  private final Deque<Runnable> undo = new ArrayDeque<>();

  Inputs(
      Engine engine,
      Sessions sessions,
      Attributes attributes,
      String session,
      Vertexes vertexes,
      BuildPlace place) {
    this.engine = engine;
    this.sessions = sessions;
    this.attributes = attributes;
    this.session = session;
    this.vertexes = vertexes;
    this.place = place;
    this.scratch = place.scratch();
  }

  /**
   * What a build reads.
   *
   * @param recipe the Dockerfile's text
   */
  record Brought(String recipe, BuildContext context) {}

  /**
   * @throws BuildException when the client does not lend them, or they cannot be read
   */
  Brought bring() throws IOException {
    Files.createDirectories(scratch);
    String address = attributes.get(attributes.get("contextkey", "context"), "");
    if (!address.isEmpty()) {
      return remote(address);
    }
    String file = attributes.get("filename", "Dockerfile");
    String name = attributes.get("dockerfilekey", "dockerfile");
    vertexes.begin(new BuildStep("[internal] load build definition from " + file));
    BuildContext definition = received(name, new ClientSession.Selection(List.of(), around(file)));
    String recipe = definition.text(file, DOCKERFILE_LIMIT);
    Attributes.checkSyntaxOf(recipe);
    vertexes.begin(new BuildStep("[internal] load " + IGNORE_FILE));
    List<String> ignored = ignored(definition, file);
    vertexes.begin(new BuildStep("[internal] load build context"));
    return new Brought(
        recipe, received("context", new ClientSession.Selection(ignored, List.of())));
  }

  private static List<String> around(String file) {
    return List.of(file, file + IGNORE_FILE);
  }

  private List<String> ignored(BuildContext definition, String file) throws IOException {
    Optional<String> own = text(definition, file + IGNORE_FILE);
    if (own.isEmpty()) {
      BuildContext top =
          received("context", new ClientSession.Selection(List.of(), List.of(IGNORE_FILE)));
      own = text(top, IGNORE_FILE);
    }
    return own.map(BuildContext::ignorePatterns).orElse(List.of());
  }

  private static Optional<String> text(BuildContext files, String name) {
    return files.has(name) ? Optional.of(files.text(name, IGNORE_FILE_LIMIT)) : Optional.empty();
  }

  /** One of the client's directories. */
  private BuildContext received(String name, ClientSession.Selection selection) throws IOException {
    String id = attributes.get("local-sessionid:" + name, session);
    Path directory = Files.createTempDirectory(scratch, "context");
    undo.push(() -> BuildContext.delete(directory));
    long bytes = sessions.await(id).receive(name, selection, directory);
    vertexes.status("transferring " + name + ":", bytes, 0, true);
    return BuildContext.filtered(directory);
  }

  /** A context that is no directory of the client's: a tar, or a Dockerfile alone. */
  private Brought remote(String address) throws IOException {
    if (!address.startsWith("http://") && !address.startsWith("https://")
        || URI.create(address).getPath().endsWith(".git")) {
      throw new BuildException(
          "the context '"
              + address
              + "' is no directory and no http(s) address of a tar: clone it and build the"
              + " directory");
    }
    vertexes.begin(new BuildStep("[internal] load remote build context"));
    String file = attributes.get("filename", "Dockerfile");
    try (InputStream raw = open(URI.create(address));
        InputStream in = plain(raw)) {
      BuildContext context = unpacked(in, file);
      if (!attributes.get("dockerfilekey", "").isEmpty()) {
        vertexes.begin(new BuildStep("[internal] load build definition from " + file));
        BuildContext definition =
            received(
                attributes.get("dockerfilekey", ""),
                new ClientSession.Selection(List.of(), around(file)));
        return new Brought(definition.text(file, DOCKERFILE_LIMIT), context);
      }
      return new Brought(context.text(file, DOCKERFILE_LIMIT), context);
    }
  }

  private InputStream open(URI address) throws IOException {
    if (SESSION_HOST.equals(address.getHost())) {
      return sessions.await(session).upload(address);
    }
    return address.toURL().openStream();
  }

  private static InputStream plain(InputStream raw) throws IOException {
    InputStream in = new BufferedInputStream(raw);
    in.mark(2);
    boolean gzip = in.read() == 0x1f && in.read() == 0x8b;
    in.reset();
    return gzip ? new BufferedInputStream(new GZIPInputStream(in)) : in;
  }

  /** What is no tar is a Dockerfile. */
  private BuildContext unpacked(InputStream in, String file) throws IOException {
    byte[] head = new byte[TAR_MAGIC_END];
    in.mark(TAR_MAGIC_END);
    int length = in.readNBytes(head, 0, head.length);
    in.reset();
    boolean tar =
        length == TAR_MAGIC_END
            && new String(head, TAR_MAGIC, TAR_MAGIC_END - TAR_MAGIC, StandardCharsets.US_ASCII)
                .equals("ustar");
    if (tar) {
      BuildContext context = BuildContext.unpack(in, scratch);
      undo.push(context::close);
      return context;
    }
    Path directory = Files.createTempDirectory(scratch, "context");
    undo.push(() -> BuildContext.delete(directory));
    Files.write(
        directory.resolve(Path.of(file).getFileName().toString()), in.readNBytes(DOCKERFILE_LIMIT));
    return BuildContext.of(directory);
  }

  /** Other names that FROM and --from may use, as images. */
  Map<String, String> namedImages() throws IOException {
    Map<String, String> images = new HashMap<>();
    for (var each : attributes.namedContexts().entrySet()) {
      String place = each.getValue();
      if (place.startsWith(IMAGE)) {
        images.put(each.getKey(), place.substring(IMAGE.length()));
      } else if (place.startsWith(LOCAL)) {
        vertexes.begin(new BuildStep("[context " + each.getKey() + "] load from client"));
        images.put(each.getKey(), imported(place.substring(LOCAL.length())));
      } else {
        throw new BuildException(
            "the context "
                + each.getKey()
                + "="
                + place
                + " is neither a directory nor docker-image://IMAGE");
      }
    }
    return images;
  }

  /** A directory as an image that holds nothing else, the same one as long as it is the same. */
  private String imported(String name) throws IOException {
    BuildContext files = received(name, ClientSession.Selection.ALL);
    return files.asImage(engine, place);
  }

  @Override
  public void close() {
    while (!undo.isEmpty()) {
      undo.pop().run();
    }
  }
}
