/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** The distribution's docker-registry, run on loopback with storage in a folder of the test. */
final class DockerRegistry implements AutoCloseable {
  private static final Path PROGRAM = Path.of("/usr/bin/docker-registry");
  private static final int START_MILLIS = 120_000;

  private final Process process;
  private final int port;

  /** Starts one; {@code settings} is YAML to add, in which {@code $PORT} stands for its port. */
  DockerRegistry(Path folder, String http, String settings) throws Exception {
    Assumptions.assumeTrue(Files.isExecutable(PROGRAM), "docker-registry is not installed");
    try (var socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      this.port = socket.getLocalPort();
    }
    Files.createDirectories(folder);
    var config =
        Files.writeString(
            folder.resolve("config.yml"),
            """
            version: 0.1
            log: {level: error, accesslog: {disabled: true}}
            storage:
              filesystem: {rootdirectory: %s}
              delete: {enabled: true}
            http:
              addr: 127.0.0.1:%d
            %s
            %s
            """
                .formatted(folder.resolve("data"), port, http, settings));
    this.process =
        new ProcessBuilder(PROGRAM.toString(), "serve", config.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("registry.log").toFile())
            .start();
    awaitPort();
  }

  private void awaitPort() throws InterruptedException {
    long end = System.nanoTime() + START_MILLIS * 1_000_000L;
    while (System.nanoTime() < end) {
      try (var _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
        return;
      } catch (IOException _) {
        Thread.sleep(50);
      }
    }
    process.destroyForcibly();
    throw new IllegalStateException("docker-registry did not start");
  }

  String host() {
    return "127.0.0.1:" + port;
  }

  String localhost() {
    return "localhost:" + port;
  }

  @Override
  public void close() {
    process.destroy();
    process.onExit().join();
  }
}
