/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.solve;

import dev.caisson.build.BuildException;
import dev.caisson.buildkit.session.Sessions;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** The builds that clients are waiting for, by the name each chose. */
public final class Solves {
  /** Builds at once; a client that watches names nobody builds cannot fill the memory. */
  private static final int MOST = 1_000;

  /** How long the progress of a build that is over waits for who wants to see it. */
  private static final Duration LATE = Duration.ofSeconds(60);

  private final DockerfileSolver solver;
  private final Exporter exporter;
  private final Map<String, SolveJob> jobs = new ConcurrentHashMap<>();

  public Solves(Engine engine, Sessions sessions, NetworkGate gate) {
    this.solver = new DockerfileSolver(engine, sessions, gate);
    this.exporter = new Exporter(engine, sessions);
  }

  /** The build of this name, which need not have begun. */
  SolveJob job(String ref) {
    if (ref.isEmpty()) {
      throw new BuildException("the build has no name");
    }
    if (jobs.size() >= MOST && !jobs.containsKey(ref)) {
      throw new BuildException("more than " + MOST + " builds at once");
    }
    return jobs.computeIfAbsent(ref, SolveJob::new);
  }

  /** Ends the build of this name, if there is one. */
  public void cancel(String ref) {
    SolveJob job = jobs.get(ref);
    if (job != null) {
      job.cancel();
    }
  }

  /** Nobody will ask for it again. */
  void forget(String ref, SolveJob job) {
    jobs.remove(ref, job);
  }

  /** Its client has stopped watching; it may still be building. */
  void forgetWatched(String ref, SolveJob job) {
    if (!job.isBuilding()) {
      forget(ref, job);
    }
  }

  /** A client that watches late finds the progress for a while. */
  private void forgetLater(String ref, SolveJob job) {
    CompletableFuture.delayedExecutor(LATE.toSeconds(), TimeUnit.SECONDS)
        .execute(() -> forget(ref, job));
  }

  /**
   * A build from its beginning to what becomes of it.
   *
   * @return what the client is told of the result
   */
  Map<String, String> solve(SolveRequest request) throws IOException, InterruptedException {
    SolveJob job = job(request.ref());
    job.begin(request);
    try {
      String image =
          request.frontend().isEmpty() ? job.awaitReturned() : solver.solve(request, job);
      Map<String, String> response = exporter.export(request, job, image);
      job.vertexes().end(Optional.empty());
      return response;
    } catch (EngineException | UncheckedIOException failed) {
      job.vertexes().end(Optional.of(String.valueOf(failed.getMessage())));
      throw new BuildException(String.valueOf(failed.getMessage()), failed);
    } catch (BuildException failed) {
      job.vertexes().end(Optional.of(String.valueOf(failed.getMessage())));
      throw failed;
    } finally {
      job.end();
      forgetLater(request.ref(), job);
    }
  }

  /** One front end's work in a build whose client runs it over the bridge. */
  String solvePart(SolveRequest request, SolveJob job) {
    return solver.solve(request, job);
  }

  /**
   * A build that a client of the classic route asked for.
   *
   * @param ref the client's name for it
   * @param exports where the result goes, a type and its attributes each
   */
  public Watched watched(
      String ref,
      String session,
      Map<String, String> attributes,
      List<Map.Entry<String, Map<String, String>>> exports) {
    return new Watched(
        this,
        new SolveRequest(
            ref,
            session,
            "dockerfile.v0",
            attributes,
            exports.stream()
                .map(each -> new SolveRequest.Export(each.getKey(), each.getValue()))
                .toList()));
  }
}
