/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.grpc;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.concurrent.ExecutionException;
import java.util.function.Consumer;
import org.eclipse.jetty.util.Callback;

/** Waits for what Jetty finishes later. */
final class Waiting {
  private Waiting() {}

  /**
   * @throws IOException what went wrong
   */
  static void until(Consumer<Callback> action) throws IOException {
    var done = new Callback.Completable();
    action.accept(done);
    try {
      done.get();
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while sending to the client");
    } catch (ExecutionException failed) {
      throw new IOException("cannot send to the client: " + failed.getMessage(), failed);
    }
  }
}
