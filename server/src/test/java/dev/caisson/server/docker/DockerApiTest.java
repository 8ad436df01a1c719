/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.server.http.HttpServer;
import dev.caisson.server.http.RequestLog;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the API promises before anything runs: versions, errors, limits. */
class DockerApiTest {
  @TempDir static Path folder;
  private static EngineFixture api;

  @BeforeAll
  static void open() {
    api = new EngineFixture(folder);
  }

  @AfterAll
  static void close() {
    api.close();
  }

  @Test
  void pingTellsTheNewestVersion() throws IOException {
    assertThat(api.get("/_ping"))
        .startsWith("HTTP/1.1 200")
        .contains("Api-Version: 1.51")
        .endsWith("OK");
    assertThat(api.request("HEAD", "/_ping", ""))
        .startsWith("HTTP/1.1 200")
        .contains("Builder-Version: 2");
  }

  @Test
  void versionsOutsideTheRangeAreRefusedInDockerdsWords() throws IOException {
    assertThat(api.get("/v1.24/containers/json")).startsWith("HTTP/1.1 200");
    assertThat(api.get("/v1.52/containers/json"))
        .startsWith("HTTP/1.1 400")
        .contains("too new. Maximum supported API version is 1.51");
    assertThat(api.get("/v1.23/containers/json"))
        .startsWith("HTTP/1.1 400")
        .contains("too old. Minimum supported API version is 1.24");
  }

  @Test
  void unknownThingsAreNotFoundWithAMessage() throws IOException {
    assertThat(api.get("/v1.43/containers/nope/json"))
        .startsWith("HTTP/1.1 404")
        .contains("\"message\":")
        .contains("nope");
    assertThat(api.get("/v1.43/images/nope/json")).startsWith("HTTP/1.1 404");
    assertThat(api.get("/v1.43/nothing")).startsWith("HTTP/1.1 404").contains("page not found");
    assertThat(api.request("DELETE", "/v1.43/info", ""))
        .startsWith("HTTP/1.1 404")
        .contains("page not found");
    assertThat(api.request("OPTIONS", "/v1.43/info", "")).startsWith("HTTP/1.1 200");
    assertThat(api.request("OPTIONS", "/nosuch", "")).startsWith("HTTP/1.1 200");
    assertThat(api.get("/v1.43/swarm")).startsWith("HTTP/1.1 503").contains("not a swarm manager");
  }

  @Test
  void bodiesAreParsedOnceAndRefusedWithThePathOfTheMistake() throws IOException {
    assertThat(api.request("POST", "/v1.43/containers/create", "{\"Image\":3}"))
        .startsWith("HTTP/1.1 400")
        .contains("Image must be a string");
    assertThat(
            api.request(
                "POST",
                "/v1.43/containers/create",
                "{\"Image\":\"a\",\"HostConfig\":{\"Memory\":\"x\"}}"))
        .startsWith("HTTP/1.1 400")
        .contains("HostConfig.Memory must be a whole number");
    assertThat(api.request("POST", "/v1.43/containers/create", "{"))
        .startsWith("HTTP/1.1 400")
        .contains("invalid JSON");
    assertThat(api.request("POST", "/v1.43/containers/create", "[".repeat(101) + "]".repeat(101)))
        .startsWith("HTTP/1.1 400");
    assertThat(api.request("POST", "/v1.43/containers/create", "{}"))
        .startsWith("HTTP/1.1 400")
        .contains("no image");
  }

  /** notes/security.md 32. */
  @Test
  void malformedRequestsAreRefusedAndPingGoesOn() throws IOException {
    assertThat(
            api.exchange(
                "GET /_ping HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"))
        .startsWith("HTTP/1.1 400");
    assertThat(
            api.exchange(
                "GET /_ping HTTP/1.1\r\nHost: a\r\nX: " + "y".repeat(1 << 20) + "\r\n\r\n"))
        .startsWith("HTTP/1.1 431");
    assertThat(
            api.exchange(
                "POST /containers/create HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + "ffffffffffffffffff\r\n"))
        .startsWith("HTTP/1.1 400");
    assertThat(api.get("/containers/%2e%2e/json")).matches("(?s)HTTP/1.1 4\\d\\d.*");
    assertThat(api.get("/images/..%2f..%2fetc/json")).matches("(?s)HTTP/1.1 4\\d\\d.*");
    assertThat(api.get("/_ping")).startsWith("HTTP/1.1 200");
  }

  @Test
  void aBodyOverTwoMebibytesIsTooLarge() throws IOException {
    String body = "{\"Image\":\"" + "a".repeat(3 << 20) + "\"}";
    assertThat(api.request("POST", "/containers/create", body)).startsWith("HTTP/1.1 413");
  }

  /** notes/security.md 32: many idle connections cost no answer. */
  @Test
  void idleConnectionsDoNotStopOthers() throws IOException {
    List<SocketChannel> idle = new ArrayList<>();
    try {
      for (int i = 0; i < 500; i++) {
        SocketChannel channel = api.connect();
        channel.write(ByteBuffer.wrap("GET /_ping HT".getBytes(StandardCharsets.US_ASCII)));
        idle.add(channel);
      }
      assertThat(api.get("/_ping")).startsWith("HTTP/1.1 200");
    } finally {
      for (SocketChannel channel : idle) {
        channel.close();
      }
    }
  }

  /** notes/security.md 32: a byte now and then keeps no connection open. */
  @Test
  void aRequestThatNeverEndsIsCutOff() throws IOException {
    assertCutOff("");
  }

  /** The same after a request that was answered. */
  @Test
  void aLaterRequestThatNeverEndsIsCutOff() throws IOException {
    assertCutOff("GET /_ping HTTP/1.1\r\nHost: a\r\n\r\n");
  }

  private static void assertCutOff(String before) throws IOException {
    Path socket = folder.resolve("slow" + before.length() + ".sock");
    try (HttpServer server =
            new HttpServer(
                DockerApi.dialect(api.engine(), HostAccess.refusing(""), RequestLog.none()),
                Duration.ofMillis(400));
        SocketChannel slow = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.listen(socket, "rw-rw----");
      server.start();
      slow.connect(UnixDomainSocketAddress.of(socket));
      if (!before.isEmpty()) {
        slow.write(ByteBuffer.wrap(before.getBytes(StandardCharsets.US_ASCII)));
        StringBuilder answer = new StringBuilder();
        ByteBuffer buffer = ByteBuffer.allocate(4096);
        while (!answer.toString().endsWith("OK")) {
          assertThat(slow.read(buffer)).isPositive();
          answer.append(StandardCharsets.US_ASCII.decode(buffer.flip()));
          buffer.clear();
        }
      }
      slow.write(ByteBuffer.wrap("GET /_ping HTTP/1.1\r\nX: ".getBytes(StandardCharsets.US_ASCII)));
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 1_000; i++) {
                  slow.write(ByteBuffer.wrap(new byte[] {'y'}));
                  Thread.sleep(50);
                }
              })
          .isInstanceOf(IOException.class);
    }
  }

  /** notes/security.md 31. */
  @Test
  void theSocketIsForOwnerAndGroupOnly() throws IOException {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(api.socket())))
        .isEqualTo("rw-rw----");
    assertThatThrownBy(() -> SocketMode.parse("0666")).hasMessageContaining("too open");
  }

  /** notes/security.md 31. */
  @Test
  void tcpWithoutMutualTlsIsRefused() {
    try (DockerEndpoint endpoint = new DockerEndpoint()) {
      assertThatThrownBy(() -> endpoint.start(api.engine(), Map.of("tcp", "127.0.0.1:0")))
          .hasMessageContaining("mutual TLS");
    }
  }

  @Test
  void eventsEndWhenTheClientLeaves() throws IOException, InterruptedException {
    try (SocketChannel channel = api.connect()) {
      channel.write(
          ByteBuffer.wrap(
              "GET /events HTTP/1.1\r\nHost: a\r\n\r\n".getBytes(StandardCharsets.US_ASCII)));
      ByteBuffer head = ByteBuffer.allocate(4096);
      channel.read(head);
      assertThat(new String(head.array(), 0, head.position(), StandardCharsets.US_ASCII))
          .startsWith("HTTP/1.1 200");
      channel.shutdownOutput();
      assertThat(EngineFixture.readAll(channel))
          .isEmpty(); // the feed was closed, so the stream ends
    }
  }

  @Test
  void metricsAreInPrometheusForm() throws Exception {
    try (HttpServer pages = new HttpServer(Metrics.dialect(api.engine()))) {
      pages.listenLoopback(0);
      pages.start();
      var address = java.net.URI.create("http://127.0.0.1:" + pages.port() + "/metrics");
      try (var in = address.toURL().openStream()) {
        assertThat(new String(in.readAllBytes(), StandardCharsets.UTF_8))
            .contains("caisson_containers{state=\"running\"} 0\n");
      }
    }
  }
}
