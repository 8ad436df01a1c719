/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/** The bytes on the socket, by curl and by hand. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class RawProtocolTest extends OnOneEngine {
  @TempDir private Path files;

  @BeforeAll
  static void needCurl() {
    Shell.need("curl", "needs curl");
  }

  @Override
  void checkRequests(EngineProcess over) throws IOException {
    ClientCoverage.check(over.requests(), "curl", agent -> agent.startsWith("curl/"));
  }

  private Shell curl(String method, String path) {
    return Shell.of("curl", "-s", "--unix-socket", engine.socket().toString())
        .with("-X", method, "-w", "\n%{http_code}", "http://d" + path);
  }

  private String json(String method, String path, String body) {
    return curl(method, path).with("-H", "Content-Type: application/json", "-d", body).ok().strip();
  }

  private String created(String command) {
    String answer =
        json(
            "POST",
            "/v1.43/containers/create",
            "{\"Image\":\"busybox\",\"OpenStdin\":true,\"StdinOnce\":true,\"AttachStdin\":true,\"AttachStdout\":true,\"AttachStderr\":true,\"Cmd\":[\"sh\",\"-c\",\""
                + command
                + "\"]}");
    assertThat(answer).endsWith("201");
    return answer.replaceAll("(?s).*\"Id\":\"([0-9a-f]{64})\".*", "$1");
  }

  private static void send(SocketChannel channel, String text) throws IOException {
    channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1)));
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (!head.toString().endsWith("\r\n\r\n")) {
      int value = in.read();
      assertThat(value).as(head.toString()).isNotNegative();
      head.append((char) value);
    }
    return head.toString();
  }

  @Test
  void statusCodesAreDockerds() {
    assertThat(curl("GET", "/_ping").ok()).isEqualTo("OK\n200");
    assertThat(curl("GET", "/v1.24/version").ok())
        .contains("\"MinAPIVersion\":\"1.24\"")
        .endsWith("200");
    assertThat(curl("GET", "/v1.99/version").ok()).contains("too new").endsWith("400");
    assertThat(curl("GET", "/containers/nosuch/json").ok())
        .isEqualTo("{\"message\":\"No such container: nosuch\"}\n\n404");
    String id = created("sleep 100");
    assertThat(curl("POST", "/containers/" + id + "/start").ok()).endsWith("204");
    assertThat(curl("POST", "/containers/" + id + "/start").ok()).endsWith("304");
    assertThat(curl("DELETE", "/containers/" + id).ok()).endsWith("409");
    assertThat(curl("GET", "/containers/" + id + "/stats?stream=false&one-shot=true").ok())
        .contains("\"cpu_stats\"")
        .endsWith("200");
    assertThat(curl("GET", "/containers/" + id + "/stats?stream=false").ok())
        .contains("system_cpu_usage");
    assertThat(curl("GET", "/containers/" + id + "/logs").ok()).endsWith("400");
    assertThat(curl("GET", "/containers/" + id + "/checkpoints").ok()).startsWith("[]");
    assertThat(json("POST", "/containers/" + id + "/checkpoints", "{\"CheckpointID\":\"a\"}"))
        .contains("checkpoint")
        .endsWith("501");
    assertThat(curl("DELETE", "/containers/" + id + "/checkpoints/a").ok()).endsWith("404");
    assertThat(curl("POST", "/containers/" + id + "/wait?condition=nosuch").ok()).endsWith("400");
    assertThat(curl("POST", "/containers/" + id + "/stop?t=0").ok()).endsWith("204");
    assertThat(curl("POST", "/containers/" + id + "/stop").ok()).endsWith("304");
    assertThat(curl("DELETE", "/containers/" + id + "?v=1").ok()).endsWith("204");
    assertThat(
            json(
                "POST",
                "/auth",
                "{\"username\":\"a\",\"password\":\"geheim\",\"serveraddress\":\"127.0.0.1:1\"}"))
        .contains("message");
    assertThat(engine.requests()).content().doesNotContain("geheim");
    assertThat(curl("GET", "/swarm").ok()).endsWith("503");
    assertThat(curl("POST", "/session").ok()).endsWith("400");
  }

  /** What a daemon outside a swarm and without plugins answers, with its status and reason. */
  @Test
  void whatIsNotHereIsRefusedAsPromised() {
    for (String collection : List.of("services", "tasks", "nodes", "secrets", "configs")) {
      assertThat(curl("GET", "/" + collection).ok()).contains("swarm manager").endsWith("503");
      assertThat(curl("GET", "/" + collection + "/a").ok()).endsWith("503");
    }
    for (String collection : List.of("services", "secrets", "configs")) {
      assertThat(json("POST", "/" + collection + "/create", "{}")).endsWith("503");
      assertThat(json("POST", "/" + collection + "/a/update", "{}")).endsWith("503");
      assertThat(curl("DELETE", "/" + collection + "/a").ok()).endsWith("503");
    }
    assertThat(json("POST", "/nodes/a/update", "{}")).endsWith("503");
    assertThat(curl("DELETE", "/nodes/a").ok()).endsWith("503");
    assertThat(curl("GET", "/services/a/logs").ok()).endsWith("503");
    assertThat(curl("GET", "/tasks/a/logs").ok()).endsWith("503");
    assertThat(curl("GET", "/swarm/unlockkey").ok()).endsWith("503");
    assertThat(curl("POST", "/swarm/leave").ok()).contains("not part of a swarm").endsWith("503");
    assertThat(json("PUT", "/volumes/a", "{}")).endsWith("503");
    for (String verb : List.of("init", "join", "update", "unlock")) {
      assertThat(json("POST", "/swarm/" + verb, "{}")).contains("one host").endsWith("501");
    }
    assertThat(curl("GET", "/plugins").ok()).isEqualTo("[]\n\n200");
    assertThat(curl("GET", "/plugins/privileges?remote=a").ok()).endsWith("200");
    for (String path : List.of("pull", "create", "a/enable", "a/disable")) {
      assertThat(json("POST", "/plugins/" + path, "[]")).contains("no plugins").endsWith("501");
    }
    for (String verb : List.of("push", "set", "upgrade")) {
      assertThat(json("POST", "/plugins/a/b/" + verb, "[]")).contains("not found").endsWith("404");
    }
    assertThat(curl("GET", "/plugins/a/json").ok()).endsWith("404");
    assertThat(curl("DELETE", "/plugins/a").ok()).endsWith("404");
    assertThat(curl("POST", "/grpc").ok()).endsWith("400");
    assertThat(curl("POST", "/build/cancel?id=a").ok()).endsWith("200");
  }

  /** Each line of a log in its frame, and times as RFC 3339 with nine digits. */
  @Test
  void logsAreFramedAndStamped() throws IOException {
    String id = created("echo out; echo err >&2; sleep 0.1; echo last");
    curl("POST", "/containers/" + id + "/start").ok();
    assertThat(curl("POST", "/containers/" + id + "/wait").ok()).contains("\"StatusCode\":0");
    byte[] body =
        body("/v1.43/containers/" + id + "/logs?stdout=1&stderr=1&timestamps=1")
            .getBytes(StandardCharsets.ISO_8859_1);
    DataInputStream in = new DataInputStream(new ByteArrayInputStream(body));
    StringBuilder out = new StringBuilder();
    while (in.available() > 0) {
      int stream = in.readUnsignedByte();
      assertThat(stream).isBetween(1, 2);
      assertThat(in.readNBytes(3)).containsOnly(0);
      String line = new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
      assertThat(line).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z \\w+\n");
      out.append(stream).append(line.substring(line.indexOf(' ')));
    }
    assertThat(out.toString().lines()).containsExactlyInAnyOrder("1 out", "2 err", "1 last");
    assertThat(body("/containers/" + id + "/logs?stdout=1&tail=1").substring(8))
        .isEqualTo("last\n");
    assertThat(body("/containers/" + id + "/logs?stdout=1&until=1")).isEmpty();
    curl("DELETE", "/containers/" + id).ok();
  }

  private String body(String path) throws IOException {
    String answer = engine.http("GET " + path + " HTTP/1.0\r\nHost: a\r\n\r\n");
    assertThat(answer).startsWith("HTTP/1.1 200");
    return answer.substring(answer.indexOf("\r\n\r\n") + 4);
  }

  @Test
  void aCreateBodyThatCannotBeHonouredIsRefusedOrWarnedOf() {
    assertThat(
            json(
                "POST",
                "/containers/create",
                "{\"Image\":\"busybox\",\"HostConfig\":{\"CpuCount\":2}}"))
        .contains("HostConfig.CpuCount")
        .endsWith("400");
    assertThat(
            json(
                "POST",
                "/containers/create",
                "{\"Image\":\"busybox\",\"HostConfig\":{\"Nonsense\":2}}"))
        .contains("HostConfig.Nonsense is unknown")
        .endsWith("201");
  }

  /** As Watchtower and Portainer do it: what inspect says is a body that create takes. */
  @Test
  void anInspectAnswerMakesTheSameContainerAgain() {
    JsonMapper mapper = new JsonMapper();
    String first =
        json(
            "POST",
            "/v1.43/containers/create",
            "{\"Image\":\"busybox\",\"Cmd\":[\"sleep\",\"100\"],\"Env\":[\"A=b\"],\"Labels\":{\"x\":\"y\"},"
                + "\"ExposedPorts\":{\"80/tcp\":{}},\"Healthcheck\":{\"Test\":[\"CMD\",\"true\"]},"
                + "\"HostConfig\":{\"PortBindings\":{\"80/tcp\":[{\"HostPort\":\"\"}]},\"Memory\":67108864,"
                + "\"Binds\":[\"again:/data:rw\"],\"RestartPolicy\":{\"Name\":\"on-failure\",\"MaximumRetryCount\":2},"
                + "\"Ulimits\":[{\"Name\":\"nofile\",\"Soft\":1024,\"Hard\":2048}],\"Tmpfs\":{\"/t\":\"size=1m\"},"
                + "\"LogConfig\":{\"Type\":\"json-file\",\"Config\":{\"max-size\":\"10m\"}},\"CapDrop\":[\"NET_RAW\"]}}");
    JsonNode inspected = inspected(mapper, first);
    ObjectNode body = (ObjectNode) inspected.get("Config").deepCopy();
    body.set("HostConfig", inspected.get("HostConfig"));
    body.putObject("NetworkingConfig")
        .set("EndpointsConfig", inspected.get("NetworkSettings").get("Networks"));
    String second = json("POST", "/v1.43/containers/create", body.toString());
    assertThat(second).contains("\"Warnings\":[]").endsWith("201");
    JsonNode again = inspected(mapper, second);
    assertThat(again.get("HostConfig")).isEqualTo(inspected.get("HostConfig"));
    assertThat(again.get("Config")).isEqualTo(inspected.get("Config"));
    curl("DELETE", "/containers/" + again.get("Id").asString() + "?v=1").ok();
    curl("DELETE", "/containers/" + inspected.get("Id").asString() + "?v=1").ok();
    curl("DELETE", "/volumes/again").ok();
  }

  private JsonNode inspected(JsonMapper mapper, String created) {
    String id = created.replaceAll("(?s).*\"Id\":\"([0-9a-f]{64})\".*", "$1");
    String answer = curl("GET", "/v1.43/containers/" + id + "/json").ok();
    return mapper.readTree(answer.substring(0, answer.lastIndexOf('\n')));
  }

  /** A base that ends in a slash, and every version there is, each through a whole life. */
  @Test
  void everyVersionIsSpoken() {
    assertThat(curl("GET", "//v1.41/version").ok()).endsWith("200");
    for (int minor = 24; minor <= 51; minor++) {
      String version = "/v1." + minor;
      String id =
          json("POST", version + "/containers/create", "{\"Image\":\"busybox\",\"Cmd\":[\"true\"]}")
              .replaceAll("(?s).*\"Id\":\"([0-9a-f]{64})\".*", "$1");
      for (String path :
          List.of(
              "/containers/" + id + "/json",
              "/containers/json?all=1",
              "/images/json",
              "/info",
              "/images/busybox/json",
              "/networks",
              "/volumes",
              "/system/df")) {
        assertThat(curl("GET", version + path).ok()).as(version + path).endsWith("\n200");
      }
      assertThat(curl("DELETE", version + "/containers/" + id).ok()).as(version).endsWith("204");
    }
    for (String version : List.of("1.24", "1.30", "1.40", "1.44", "1.50")) {
      assertThat(
              Shell.of("docker", "-H", engine.address(), "run", "--rm", "busybox", "echo", version)
                  .variable("DOCKER_API_VERSION", version)
                  .ok())
          .isEqualTo(version + "\n");
    }
  }

  /** Frames of eight bytes and content; after the client's half-close the output still comes. */
  @Test
  void attachIsUpgradedFramedAndHalfClosed() throws IOException {
    String id = created("cat; echo bad >&2");
    try (SocketChannel channel = engine.connect()) {
      send(
          channel,
          "POST /v1.43/containers/"
              + id
              + "/attach?stream=1&stdin=1&stdout=1&stderr=1 HTTP/1.1\r\n"
              + "Host: a\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
      DataInputStream in = new DataInputStream(Channels.newInputStream(channel));
      assertThat(head(in))
          .startsWith("HTTP/1.1 101")
          .contains("application/vnd.docker.multiplexed-stream");
      curl("POST", "/containers/" + id + "/start").ok();
      send(channel, "typed\n");
      channel.shutdownOutput();
      byte[] frame = in.readNBytes(8 + 6);
      assertThat(frame).startsWith(1, 0, 0, 0, 0, 0, 0, 6).endsWith("typed\n".getBytes());
      assertThat(in.readNBytes(8 + 4))
          .startsWith(2, 0, 0, 0, 0, 0, 0, 4)
          .endsWith("bad\n".getBytes());
      assertThat(in.read()).isEqualTo(-1);
    }
    curl("DELETE", "/containers/" + id + "?force=1").ok();
  }

  /** Clients from before the upgrade get 200 and then the raw stream. */
  @Test
  void anExecWithoutUpgradeIsAnsweredWith200() throws IOException {
    String id = created("sleep 100");
    curl("POST", "/containers/" + id + "/start").ok();
    String exec =
        json(
                "POST",
                "/containers/" + id + "/exec",
                "{\"AttachStdout\":true,\"Cmd\":[\"echo\",\"old\"]}")
            .replaceAll("(?s).*\"Id\":\"([0-9a-f]{64})\".*", "$1");
    String answer =
        engine.http(
            "POST /v1.24/exec/"
                + exec
                + "/start HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
                + "Content-Length: 2\r\n\r\n{}");
    assertThat(answer).startsWith("HTTP/1.1 200").contains("raw-stream").endsWith("old\n");
    assertThat(curl("GET", "/exec/" + exec + "/json").ok()).contains("\"ExitCode\":0");
    curl("DELETE", "/containers/" + id + "?force=1").ok();
  }

  /** RFC 6455: masked frames in, plain ones out. */
  @Test
  void attachWorksOverAWebSocket() throws IOException {
    String id = created("read line; echo got $line");
    try (SocketChannel channel = engine.connect()) {
      send(
          channel,
          "GET /containers/"
              + id
              + "/attach/ws?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: a\r\n"
              + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
              + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nUser-Agent: curl/by-hand\r\n\r\n");
      DataInputStream in = new DataInputStream(Channels.newInputStream(channel));
      assertThat(head(in))
          .startsWith("HTTP/1.1 101")
          .contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="); // the example of RFC 6455 section 1.3
      curl("POST", "/containers/" + id + "/start").ok();
      channel.write(
          ByteBuffer.wrap(new byte[] {(byte) 0x82, (byte) 0x83, 0, 0, 0, 0, 'h', 'i', 10}));
      assertThat(in.readUnsignedByte()).isEqualTo(0x82);
      byte[] message = in.readNBytes(in.readUnsignedByte());
      assertThat(new String(message, StandardCharsets.US_ASCII)).isEqualTo("got hi\n");
      assertThat(in.readUnsignedByte()).isEqualTo(0x88);
    }
    curl("DELETE", "/containers/" + id + "?force=1").ok();
  }

  @Test
  void archivesAreUploadedInChunksAndComeBack() throws IOException {
    String id = created("sleep 100");
    Path tree = Files.createDirectories(files.resolve("t"));
    Files.write(tree.resolve("big"), new byte[3 << 20]);
    Shell.of("tar", "-C", tree.toString(), "-czf", files.resolve("t.tgz").toString(), "big").ok();
    assertThat(
            curl("PUT", "/containers/" + id + "/archive?path=/tmp")
                .with("-H", "Transfer-Encoding: chunked", "-T", files.resolve("t.tgz").toString())
                .ok())
        .endsWith("200");
    assertThat(
            Shell.of("curl", "-sI", "--unix-socket", engine.socket().toString())
                .with("http://d/containers/" + id + "/archive?path=/tmp/big")
                .ok())
        .containsIgnoringCase("X-Docker-Container-Path-Stat: ");
    Path back = files.resolve("back.tar");
    curl("GET", "/containers/" + id + "/archive?path=/tmp/big").with("-o", back.toString()).ok();
    assertThat(Shell.of("tar", "-tvf", back.toString()).ok()).contains("3145728").contains("big");
    assertThat(curl("GET", "/containers/" + id + "/archive?path=/nosuch").ok()).endsWith("404");
    curl("DELETE", "/containers/" + id + "?force=1").ok();
  }

  @Test
  void aTerminalIsResized() {
    String answer =
        json(
            "POST",
            "/containers/create",
            "{\"Image\":\"busybox\",\"Tty\":true,\"OpenStdin\":true,\"Cmd\":[\"sh\"]}");
    String id = answer.replaceAll("(?s).*\"Id\":\"([0-9a-f]{64})\".*", "$1");
    curl("POST", "/containers/" + id + "/start").ok();
    assertThat(curl("POST", "/containers/" + id + "/resize?h=44&w=155").ok()).endsWith("200");
    assertThat(
            Shell.of(
                    "docker",
                    "-H",
                    engine.address(),
                    "exec",
                    id,
                    "sh",
                    "-c",
                    "stty size < /proc/1/fd/0")
                .ok())
        .isEqualTo("44 155\n");
    assertThat(curl("POST", "/containers/" + id + "/resize?h=x&w=1").ok()).endsWith("400");
    String exec =
        json(
                "POST",
                "/containers/" + id + "/exec",
                "{\"AttachStdin\":true,\"AttachStdout\":true,\"Tty\":true,\"Cmd\":[\"sh\"]}")
            .replaceAll("(?s).*\"Id\":\"([0-9a-f]{64})\".*", "$1");
    assertThat(json("POST", "/exec/" + exec + "/start", "{\"Detach\":true,\"Tty\":true}"))
        .endsWith("200");
    assertThat(curl("POST", "/exec/" + exec + "/resize?h=33&w=99").ok()).endsWith("200");
    curl("DELETE", "/containers/" + id + "?force=1").ok();
  }
}
