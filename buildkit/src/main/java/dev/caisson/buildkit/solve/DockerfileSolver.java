/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.solve;

import dev.caisson.build.BuildException;
import dev.caisson.build.BuildPlace;
import dev.caisson.build.BuildStep;
import dev.caisson.build.Builder;
import dev.caisson.build.CommandFailedException;
import dev.caisson.build.dockerfile.DockerfileException;
import dev.caisson.buildkit.session.SessionClient;
import dev.caisson.buildkit.session.Sessions;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Optional;

/** Executes the Dockerfile that a client wants solved, with our own builder. */
final class DockerfileSolver {
  private final Engine engine;
  private final Sessions sessions;
  private final NetworkGate gate;

  DockerfileSolver(Engine engine, Sessions sessions, NetworkGate gate) {
    this.engine = engine;
    this.sessions = sessions;
    this.gate = gate;
  }

  /**
   * Builds; what happens is drawn in the job's vertexes.
   *
   * @return the id of the image
   * @throws BuildException when it cannot be built, in BuildKit's words where it has some
   */
  String solve(SolveRequest request, SolveJob job) {
    var attributes = new Attributes(request.attributes());
    Vertexes vertexes = job.vertexes();
    try {
      attributes.check(request.frontend());
      gate.check(attributes.get("force-network-mode", ""));
      if (!request.session().isEmpty()) {
        sessions.await(request.session()).onClose(job::cancel);
      }
      List<String> ignored = attributes.withoutEffect();
      if (!ignored.isEmpty()) {
        vertexes.begin(new BuildStep("[internal] without effect: " + String.join(", ", ignored)));
      }
      BuildPlace place = BuildPlace.of(engine);
      var inputs = new Inputs(engine, sessions, attributes, request.session(), vertexes, place);
      try (inputs) {
        Inputs.Brought brought = inputs.bring();
        var client =
            new SessionClient(
                () -> sessions.await(request.session()), job.cancellation(), place.scratch());
        String image =
            new Builder(engine, place)
                .build(
                    attributes.request(
                        brought.recipe(), client, inputs.namedImages(), client::login),
                    brought.context(),
                    vertexes);
        vertexes.end(Optional.empty());
        return image;
      }
    } catch (BuildException
        | DockerfileException
        | EngineException
        | IOException
        | UncheckedIOException failed) {
      BuildException told = told(failed);
      vertexes.end(Optional.of(String.valueOf(told.getMessage())));
      throw told;
    }
  }

  private static BuildException told(Exception failed) {
    return switch (failed) {
      case CommandFailedException command ->
          new BuildException(
              "process \""
                  + command.command()
                  + "\" did not complete successfully: exit code: "
                  + command.code(),
              command);
      case BuildException known -> known;
      default -> new BuildException(String.valueOf(failed.getMessage()), failed);
    };
  }
}
