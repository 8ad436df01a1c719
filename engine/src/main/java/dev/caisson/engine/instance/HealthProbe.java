/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.instance;

import dev.caisson.engine.text.Signal;
import dev.caisson.engine.view.Health;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.ability.Executable;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** One run of a health check. */
record HealthProbe(Executable executable, List<String> command, Duration timeout, Clock clock) {
  private static final int LONGEST_OUTPUT = 4096;

  Health.Probe run() {
    var start = clock.instant();
    var words = command.toArray(String[]::new);
    try (var session = executable.exec(Executable.Command.of(words))) {
      var output = new ByteArrayOutputStream();
      Thread.ofVirtual().start(() -> collect(session, output));
      try {
        var exit = session.exit().get(timeout.toMillis(), TimeUnit.MILLISECONDS);
        return done(start, exit.code(), text(output));
      } catch (TimeoutException e) {
        session.signal(Signal.KILL);
        return done(
            start,
            -1,
            "Health check exceeded timeout (" + timeout.toMillis() + " ms): " + text(output));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return done(start, -1, "interrupted");
    } catch (SandboxException | ExecutionException e) {
      return done(start, -1, String.valueOf(e.getMessage()));
    }
  }

  private Health.Probe done(Instant start, int code, String output) {
    return new Health.Probe(start, clock.instant(), code, output);
  }

  private static void collect(Executable.Session session, ByteArrayOutputStream output) {
    try {
      for (var chunk = session.read(); chunk.isPresent(); chunk = session.read()) {
        var bytes = new byte[chunk.get().bytes().remaining()];
        chunk.get().bytes().get(bytes);
        synchronized (output) {
          output.write(bytes, 0, Math.min(bytes.length, LONGEST_OUTPUT - output.size()));
        }
      }
    } catch (IOException e) {
      // The check's exit code says enough.
    }
  }

  private static String text(ByteArrayOutputStream output) {
    synchronized (output) {
      return output.toString(StandardCharsets.UTF_8);
    }
  }
}
