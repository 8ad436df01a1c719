/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.solve;

import dev.caisson.build.BuildContext;
import dev.caisson.build.BuildException;
import dev.caisson.build.BuildPlace;
import dev.caisson.build.BuildStep;
import dev.caisson.build.RootFiles;
import dev.caisson.buildkit.session.ClientSession;
import dev.caisson.buildkit.session.SessionClient;
import dev.caisson.buildkit.session.Sessions;
import dev.caisson.engine.Engine;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Puts a built image where its client wants it. */
final class Exporter {
  private final Engine engine;
  private final Sessions sessions;

  Exporter(Engine engine, Sessions sessions) {
    this.engine = engine;
    this.sessions = sessions;
  }

  /**
   * Exports to each place.
   *
   * @return what the client is told of the result
   */
  Map<String, String> export(SolveRequest request, SolveJob job, String image) throws IOException {
    Map<String, String> response = new LinkedHashMap<>();
    List<SolveRequest.Export> exports = request.exports();
    for (int i = 0; i < exports.size(); i++) {
      SolveRequest.Export export = exports.get(i);
      switch (export.type()) {
        case "moby", "image" -> image(export, request, job, image, response);
        case "local" -> local(request, job, image, i);
        case "tar" -> tar(request, job, image, i);
        case "docker", "oci" -> archive(export, request, job, image, i);
        default -> throw new BuildException("there is no exporter '" + export.type() + "'");
      }
    }
    if (!image.isEmpty()) {
      response.put("containerimage.digest", image);
      response.put("containerimage.config.digest", image);
    }
    return response;
  }

  private static List<String> names(SolveRequest.Export export) {
    String names = export.attributes().getOrDefault("name", "");
    return names.isEmpty() ? List.of() : List.of(names.split(","));
  }

  private void image(
      SolveRequest.Export export,
      SolveRequest request,
      SolveJob job,
      String image,
      Map<String, String> response) {
    Vertexes vertexes = job.vertexes();
    vertexes.begin(new BuildStep("exporting to image"));
    vertexes.status("writing image " + image, 0, 0, true);
    for (String name : names(export)) {
      engine.images().tag(image, name);
      vertexes.status("naming to " + name, 0, 0, true);
      // As a daemon: with this exporter its client asks for the push by the Docker API.
      if (export.type().equals("image")
          && Boolean.parseBoolean(export.attributes().getOrDefault("push", "false"))) {
        push(request, job, name);
      }
    }
    if (!names(export).isEmpty()) {
      response.put("image.name", String.join(",", names(export)));
    }
  }

  private void push(SolveRequest request, SolveJob job, String name) {
    job.vertexes().begin(new BuildStep("pushing " + name));
    var client =
        new SessionClient(
            () -> sessions.await(request.session()),
            job.cancellation(),
            BuildPlace.of(engine).scratch());
    engine.images().push(name, client.login(name), job.vertexes()::transfer);
  }

  private ClientSession session(SolveRequest request) {
    return sessions.await(request.session());
  }

  private void local(SolveRequest request, SolveJob job, String image, int number)
      throws IOException {
    job.vertexes().begin(new BuildStep("exporting to client directory"));
    BuildPlace place = BuildPlace.of(engine);
    Path tar = Files.createTempFile(place.scratch(), "export", ".tar");
    try {
      try (OutputStream out = Files.newOutputStream(tar)) {
        RootFiles.write(engine, image, place.scratch(), out);
      }
      try (InputStream in = Files.newInputStream(tar);
          BuildContext files = BuildContext.unpack(in, place.scratch())) {
        session(request).sendDirectory(number, files.root());
      }
    } finally {
      Files.deleteIfExists(tar);
    }
  }

  private void tar(SolveRequest request, SolveJob job, String image, int number)
      throws IOException {
    job.vertexes().begin(new BuildStep("exporting to client tarball"));
    Path scratch = BuildPlace.of(engine).scratch();
    session(request).sendFile(number, out -> RootFiles.write(engine, image, scratch, out));
  }

  /** Our archives are both a docker-save archive and an OCI layout. */
  private void archive(
      SolveRequest.Export export, SolveRequest request, SolveJob job, String image, int number)
      throws IOException {
    job.vertexes().begin(new BuildStep("exporting to " + export.type() + " image format"));
    List<String> names = names(export);
    names.forEach(name -> engine.images().tag(image, name));
    session(request)
        .sendFile(
            number, out -> engine.images().save(names.isEmpty() ? List.of(image) : names, out));
  }
}
