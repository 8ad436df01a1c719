/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.solve;

import java.io.IOException;
import java.util.Map;

/** A build and its progress, for one who waits for both. */
public final class Watched {
  private final Solves solves;
  private final SolveRequest request;

  Watched(Solves solves, SolveRequest request) {
    this.solves = solves;
    this.request = request;
  }

  /** Gets each message of progress. */
  @FunctionalInterface
  public interface Watcher {
    void see(byte[] statusResponse);
  }

  /**
   * Builds on this thread while another one tells the watcher.
   *
   * @return the image's id
   * @throws dev.caisson.build.BuildException when it cannot be built
   */
  public String build(Watcher watcher) throws IOException {
    SolveJob job = solves.job(request.ref());
    Thread teller = Thread.ofVirtual().name("build-progress").start(() -> tell(job, watcher));
    try {
      Map<String, String> response = solves.solve(request);
      return response.getOrDefault("containerimage.digest", "");
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("the build was interrupted", interrupted);
    } finally {
      join(teller);
      solves.forget(request.ref(), job);
    }
  }

  private static void tell(SolveJob job, Watcher watcher) {
    try {
      for (var next = job.log().next(); next.isPresent(); next = job.log().next()) {
        watcher.see(next.get());
      }
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException gone) {
      job.cancellation().cancel();
    }
  }

  private static void join(Thread teller) throws IOException {
    try {
      teller.join();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("the build was interrupted", interrupted);
    }
  }
}
