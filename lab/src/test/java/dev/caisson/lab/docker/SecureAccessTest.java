/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** TCP with certificates on both sides, and a socket handed over by systemd's tools. */
@Tag("integration")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class SecureAccessTest {
  @TempDir private Path folder;

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return socket.getLocalPort();
    }
  }

  private void openssl(String line) {
    Shell.of("sh", "-c", "cd " + folder + " && openssl " + line).ok();
  }

  /** An authority, and certificates of a server and a client signed by it. */
  private void certificates() throws IOException {
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca-key.pem -out ca.pem");
    Files.writeString(
        folder.resolve("server.ext"), "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n");
    Files.writeString(folder.resolve("client.ext"), "extendedKeyUsage=clientAuth\n");
    for (String side : List.of("server", "client")) {
      openssl(
          "req -newkey rsa:2048 -nodes -subj /CN="
              + side
              + " -keyout "
              + side
              + "-key.pem -out "
              + side
              + ".csr");
      openssl(
          "x509 -req -days 2 -in "
              + side
              + ".csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -extfile "
              + side
              + ".ext -out "
              + side
              + ".pem");
    }
    openssl(
        "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=stranger -keyout stranger-key.pem -out stranger.pem");
  }

  /** notes/security.md 31. */
  @Test
  void tcpLetsInOnlyClientsWithACertificate() throws IOException {
    Shell.need("openssl", "needs openssl");
    certificates();
    String address = "127.0.0.1:" + freePort();
    try (EngineProcess engine =
        EngineProcess.start(
            "--docker-tcp", address,
            "--docker-tlscacert", folder.resolve("ca.pem").toString(),
            "--docker-tlscert", folder.resolve("server.pem").toString(),
            "--docker-tlskey", folder.resolve("server-key.pem").toString())) {
      Shell docker =
          Shell.of("docker", "-H", "tcp://" + address, "--tlsverify")
              .with("--tlscacert", folder.resolve("ca.pem").toString());
      assertThat(
              docker
                  .with("--tlscert", folder.resolve("client.pem").toString())
                  .with("--tlskey", folder.resolve("client-key.pem").toString())
                  .with("version", "--format", "{{.Server.Platform.Name}}")
                  .ok())
          .startsWith("Caisson");
      assertThat(
              docker
                  .with("--tlscert", folder.resolve("stranger.pem").toString())
                  .with("--tlskey", folder.resolve("stranger-key.pem").toString())
                  .with("version")
                  .run()
                  .code())
          .isNotZero();
      Shell curl = Shell.of("curl", "-s", "--cacert", folder.resolve("ca.pem").toString());
      assertThat(curl.with("https://" + address + "/_ping").run().code()).isNotZero();
      assertThat(Shell.of("curl", "-s", "http://" + address + "/_ping").run().out())
          .doesNotContain("OK");
      assertThat(engine.http("GET /_ping HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
          .endsWith("OK");
    }
  }

  /** packaging/launch takes descriptor 3 over, as caisson.socket and caisson.service do it. */
  @Test
  void aSocketOfSystemdStartsTheEngine() throws Exception {
    Shell.need("systemd-socket-activate", "needs the package systemd");
    Path library = Files.createDirectories(folder.resolve("lib"));
    String script = Files.readString(Path.of("../packaging/launch"));
    assertThat(script).contains("$lib/modules");
    Path launch = library.resolve("launch"); // this build's modules stand in several folders
    Files.writeString(launch, script.replace("$lib/modules", EngineProcess.modulePath()));
    launch.toFile().setExecutable(true);
    Files.writeString(library.resolve("jdk"), System.getProperty("java.home"));
    Path socket = folder.resolve("s");
    Process activator =
        Shell.of("systemd-socket-activate", "-l", socket.toString(), launch.toString())
            .with("engine", "--root", folder.resolve("root").toString())
            .with("--run", folder.resolve("run").toString())
            .start();
    try {
      for (int i = 0; i < 100 && !Files.exists(socket); i++) {
        EngineProcess.pause(50);
      }
      assertThat(
              Shell.of("curl", "-s", "--unix-socket", socket.toString(), "http://d/_ping")
                  .within(60)
                  .ok())
          .isEqualTo("OK");
      assertThat(
              Shell.of("docker", "-H", "unix://" + socket, "version", "--format")
                  .with("{{.Server.Platform.Name}}")
                  .ok())
          .startsWith("Caisson");
    } finally {
      activator.destroy(); // it has become the engine
      assertThat(activator.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  /** notes/security.md 31 and 33, and issue 5: figures for Prometheus, on loopback only. */
  @Test
  void metricsAreServedOnLoopbackOnly() throws IOException {
    int port = freePort();
    try (EngineProcess engine = EngineProcess.start("--metrics", Integer.toString(port))) {
      assertThat(Shell.of("curl", "-s", "http://127.0.0.1:" + port + "/metrics").ok())
          .contains("caisson_containers{state=\"running\"} 0");
      assertThat(Shell.of("curl", "-s", "http://127.0.0.1:" + port + "/containers/json").ok())
          .contains("page not found");
      Shell page = Shell.of("curl", "-s", "http://127.0.0.1:" + port + "/metrics", "-H");
      assertThat(page.with("Origin: https://evil.example").ok()).contains("evil.example");
      assertThat(page.with("Host: evil.example").ok()).contains("ask for localhost");
      String listeners = Shell.of("ss", "-Hltn", "sport = :" + port).ok();
      assertThat(listeners).containsPattern("127\\.0\\.0\\.1]?:" + port).hasLineCount(1);
      assertThat(engine.handle().isAlive()).isTrue();
    }
  }
}
