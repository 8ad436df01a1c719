/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineOptions;
import dev.caisson.server.http.HttpServer;
import dev.caisson.server.http.RequestLog;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A real engine with no isolation behind a real socket: everything but running. */
final class EngineFixture implements AutoCloseable {
  private final Path socket;
  private final Engine engine;
  private final HttpServer server;

  EngineFixture(Path folder) {
    this(folder, HostAccess.refusing(""));
  }

  EngineFixture(Path folder, HostAccess access) {
    socket = folder.resolve("docker.sock");
    engine = Engine.open(EngineOptions.at(folder.resolve("root"), folder.resolve("run")));
    server = new HttpServer(DockerApi.dialect(engine, access, RequestLog.none()));
    server.listen(socket, "rw-rw----");
    server.start();
  }

  Engine engine() {
    return engine;
  }

  Path socket() {
    return socket;
  }

  /** Sends bytes, half-closes, and returns everything that comes back. */
  String exchange(String request) throws IOException {
    try (SocketChannel channel = connect()) {
      channel.write(ByteBuffer.wrap(request.getBytes(StandardCharsets.ISO_8859_1)));
      return readAll(channel);
    }
  }

  /** One request on a connection of its own. */
  String request(String method, String path, String body) throws IOException {
    return exchange(
        method
            + " "
            + path
            + " HTTP/1.1\r\nHost: docker\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: "
            + body.length()
            + "\r\n\r\n"
            + body);
  }

  String get(String path) throws IOException {
    return request("GET", path, "");
  }

  SocketChannel connect() throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
    return channel;
  }

  static String readAll(SocketChannel channel) throws IOException {
    StringBuilder text = new StringBuilder();
    ByteBuffer buffer = ByteBuffer.allocate(64 << 10);
    try {
      while (channel.read(buffer) >= 0) {
        text.append(StandardCharsets.ISO_8859_1.decode(buffer.flip()));
        buffer.clear();
      }
    } catch (IOException reset) {
      // The server closed with our bytes unread: what it said before counts.
    }
    return text.toString();
  }

  @Override
  public void close() {
    server.close();
    engine.close();
  }
}
