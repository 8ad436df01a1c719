/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** notes/security.md 40: a request for which there is no memory fails, and the engine goes on. */
@Tag("integration")
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class MemoryShortageTest {
  private static final int REQUESTS = 60;

  /** Two MiB whose tree takes some twenty. */
  private static String request() {
    String body = "{\"Image\":\"none\",\"a\":[" + "{}, ".repeat(195_000) + "{}]}";
    return "POST /containers/create HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
        + "Content-Type: application/json\r\nContent-Length: "
        + body.length()
        + "\r\n\r\n"
        + body;
  }

  private static String sent(EngineProcess engine, String request) {
    try {
      return engine.http(request);
    } catch (IOException closed) {
      return ""; // no answer is one, too
    }
  }

  @Test
  void requestsWithoutMemoryFailAndTheEngineGoesOn()
      throws IOException, InterruptedException, ExecutionException {
    Shell.need("docker", "needs the docker command line");
    try (EngineProcess engine = EngineProcess.startWithHeap("56m");
        var clients = Executors.newFixedThreadPool(30)) {
      engine.importBusybox();
      Shell docker = Shell.of("docker", "-H", engine.address());
      docker.with("run", "-d", "--name", "before", "busybox", "sleep", "1000").ok();
      String request = request();
      var answers =
          clients.invokeAll(
              IntStream.range(0, REQUESTS)
                  .mapToObj(
                      i -> (java.util.concurrent.Callable<String>) () -> sent(engine, request))
                  .toList());
      for (Future<String> answer : answers) {
        assertThat(answer.get()).doesNotStartWith("HTTP/1.1 2");
      }
      awaitPing(engine);
      assertThat(engine.handle().isAlive()).isTrue();
      assertThat(docker.with("exec", "before", "echo", "alive").ok()).isEqualTo("alive\n");
      assertThat(docker.with("run", "--rm", "busybox", "echo", "after").ok()).isEqualTo("after\n");
    }
  }

  private static void awaitPing(EngineProcess engine) {
    long end = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!sent(engine, "GET /_ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .endsWith("OK")) {
      assertThat(System.nanoTime()).as("the engine is deaf: %s", engine.output()).isLessThan(end);
      EngineProcess.pause(100);
    }
  }
}
