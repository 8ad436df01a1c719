/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Clients that are slow, many or malicious: the engine answers others and does not grow. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class HostileClientsTest extends OnOneEngine {
  private static final String PING = "GET /_ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

  private void assertPing(Duration most) throws IOException {
    long start = System.nanoTime();
    assertThat(engine.http(PING)).endsWith("OK");
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(most);
  }

  private static void send(SocketChannel channel, String text) throws IOException {
    channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)));
  }

  /** Resident kilobytes of the engine. */
  private long resident() throws IOException {
    return Files.readAllLines(Path.of("/proc/" + engine.handle().pid() + "/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .findFirst()
        .orElseThrow();
  }

  /** notes/security.md 32. */
  @Test
  void fiveThousandIdleConnectionsDoNotKeepOthersOut() throws IOException {
    List<SocketChannel> idle = new ArrayList<>();
    try {
      for (int i = 0; i < 5_000; i++) {
        SocketChannel channel = engine.connect();
        idle.add(channel);
        send(channel, "GET /_ping HT");
      }
      assertPing(Duration.ofSeconds(5));
      long threads;
      try (var tasks = Files.list(Path.of("/proc/" + engine.handle().pid() + "/task"))) {
        threads = tasks.count();
      }
      assertThat(threads).isLessThan(100);
    } finally {
      for (SocketChannel channel : idle) {
        channel.close();
      }
    }
    assertPing(Duration.ofSeconds(5));
  }

  /** notes/security.md 32: two lengths, chunk overflow, a header of 1 MiB, encoded slashes. */
  @Test
  void malformedRequestsAreRefused() throws IOException {
    for (String request :
        List.of(
            "GET /_ping HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "POST /containers/create HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "POST /containers/create HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                + "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n",
            "GET /containers/..%2f..%2fetc/json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
            "GET /images/%00/json HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")) {
      assertThat(engine.http(request)).as(request).startsWith("HTTP/1.1 4");
    }
    try (SocketChannel channel = engine.connect()) {
      try {
        send(channel, "GET /_ping HTTP/1.1\r\nHost: a\r\nX: " + "y".repeat(1 << 20));
      } catch (IOException refused) {
        // The engine need not read to the end what it will not take.
      }
    }
    assertPing(Duration.ofSeconds(2));
  }

  /** notes/security.md 40: deep JSON. */
  @Test
  void nestedInputDoesNotOverflowAStack() throws IOException {
    String body = "[".repeat(500_000) + "]".repeat(500_000);
    assertThat(
            engine.http(
                "POST /containers/create HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
                    + "Content-Type: application/json\r\nContent-Length: "
                    + body.length()
                    + "\r\n\r\n"
                    + body))
        .startsWith("HTTP/1.1 400");
    assertPing(Duration.ofSeconds(2));
  }

  /** notes/security.md 19 and issue 5: clients that never read cost no growing memory. */
  @Test
  void aThousandAttachedClientsThatNeverReadCostNoGrowingMemory() throws IOException {
    Shell docker = Shell.of("docker", "-H", engine.address());
    String id =
        docker
            .with("run", "-d", "busybox", "sh", "-c", "sleep 15; yes 0123456789abcdef")
            .ok()
            .strip();
    List<SocketChannel> clients = new ArrayList<>();
    try {
      for (int i = 0; i < 1_000; i++) {
        SocketChannel channel = engine.connect();
        clients.add(channel);
        send(
            channel,
            "POST /containers/"
                + id
                + "/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
      }
      assertPing(Duration.ofSeconds(5));
      EngineProcess.pause(20_000); // the flood has begun, and the dead clients' patience is over
      long before = resident();
      assertPing(Duration.ofSeconds(5));
      EngineProcess.pause(10_000);
      assertThat(resident()).isLessThan(before + (32 << 10));
    } finally {
      docker.with("rm", "-f", id).run();
      for (SocketChannel channel : clients) {
        channel.close();
      }
    }
    assertPing(Duration.ofSeconds(5));
  }
}
