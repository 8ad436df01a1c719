/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * The distribution's registry on a free port of loopback, with its data in a folder of the test.
 */
record LoopbackRegistry(Process process, int port) implements AutoCloseable {
  static LoopbackRegistry start(Path folder) throws IOException {
    int port;
    try (ServerSocket socket = new ServerSocket(0)) {
      port = socket.getLocalPort();
    }
    Path configuration = folder.resolve("registry.yml");
    Files.writeString(
        configuration,
        "version: 0.1\nstorage:\n  filesystem:\n    rootdirectory: "
            + folder.resolve("data")
            + "\nhttp:\n  addr: 127.0.0.1:"
            + port
            + "\n");
    Process process =
        new ProcessBuilder("docker-registry", "serve", configuration.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("registry.log").toFile())
            .start();
    LoopbackRegistry registry = new LoopbackRegistry(process, port);
    registry.awaitListening();
    return registry;
  }

  private void awaitListening() {
    for (int i = 0; i < 600; i++) {
      try (Socket socket = new Socket()) {
        socket.connect(new InetSocketAddress("127.0.0.1", port), 1_000);
        return;
      } catch (IOException notYet) {
        EngineProcess.pause(50);
      }
    }
    throw new IllegalStateException("the registry does not listen on port " + port);
  }

  /** {@code repository} as this registry's, as {@code 127.0.0.1:5000/lab/busybox:1}. */
  String name(String repository) {
    return "127.0.0.1:" + port + "/" + repository;
  }

  @Override
  public void close() {
    process.destroy();
    try {
      if (!process.waitFor(10, TimeUnit.SECONDS)) {
        process.destroyForcibly();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
