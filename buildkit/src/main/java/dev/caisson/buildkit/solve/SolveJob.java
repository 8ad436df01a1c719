/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.solve;

import dev.caisson.build.BuildException;
import dev.caisson.build.Cancellation;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * One build as its client sees it: a call that solves, one that watches, and, when the client runs
 * the front end itself, calls over the bridge until it returns a result.
 */
final class SolveJob {
  /** The calls of a build come at about the same time, in any order. */
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final StatusLog log = new StatusLog();
  private final Vertexes vertexes;
  private final Cancellation cancellation = new Cancellation();
  private final CompletableFuture<SolveRequest> request = new CompletableFuture<>();
  private final CompletableFuture<String> returned = new CompletableFuture<>();
  private final Map<String, String> images = new ConcurrentHashMap<>();
  private volatile boolean building;

  SolveJob(String ref) {
    this.vertexes = new Vertexes(log, ref);
  }

  StatusLog log() {
    return log;
  }

  Vertexes vertexes() {
    return vertexes;
  }

  Cancellation cancellation() {
    return cancellation;
  }

  /** Its client does not want it any more. */
  void cancel() {
    cancellation.cancel();
    returned.completeExceptionally(new BuildException("the build was canceled by its client"));
  }

  /**
   * Its solving call is there.
   *
   * @throws BuildException when there is one already
   */
  void begin(SolveRequest solve) {
    if (!request.complete(solve)) {
      throw new BuildException("a build of this name is going on");
    }
    building = true;
  }

  /** Nothing more will happen. */
  void end() {
    building = false;
    log.end();
  }

  /** Whether its solving call is there and waits. */
  boolean isBuilding() {
    return building;
  }

  /**
   * Waits for the call that solves.
   *
   * @throws BuildException when it does not come
   */
  SolveRequest request() throws InterruptedException {
    try {
      return request.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException late) {
      throw new BuildException("no build of this name was asked for", late);
    }
  }

  /** Remembers an image that the client can name by the id that it is given. */
  String keep(String image) {
    String id = Long.toHexString(images.size() + 1L) + image.substring(image.indexOf(':') + 1);
    images.put(id, image);
    return id;
  }

  /** The image of {@code id}; empty for no result. */
  String image(String id) {
    return images.getOrDefault(id, "");
  }

  /** What the client wants exported. */
  void returning(String image) {
    returned.complete(image);
  }

  /** The client's front end failed. */
  void failing(BuildException reason) {
    returned.completeExceptionally(reason);
  }

  /**
   * Waits for what the client returns, however long it takes.
   *
   * @throws BuildException when it returned a failure
   */
  String awaitReturned() throws InterruptedException {
    try {
      return returned.get();
    } catch (ExecutionException failed) {
      throw failed.getCause() instanceof BuildException reason
          ? reason
          : new BuildException("the build failed", failed);
    }
  }
}
