/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Endpoint;
import dev.caisson.engine.Engine;
import dev.caisson.server.http.HttpServer;
import dev.caisson.server.http.PemFiles;
import dev.caisson.server.http.RequestLog;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;

/**
 * Serves the Docker Engine API.
 *
 * <p>Options: {@code socket} (a path, or {@code inherited} for systemd's socket activation), {@code
 * mode} of the socket (0660), {@code tcp} (HOST:PORT, which needs {@code tlscacert}, {@code
 * tlscert} and {@code tlskey}, as dockerd's: clients must show a certificate), {@code metrics} (a
 * loopback port for Prometheus), {@code refuse} ({@link HostAccess.Kind}s, separated by commas),
 * {@code log} (a file for the request log) and {@code bodies} ({@code yes} to write JSON bodies
 * into it).
 */
public final class DockerEndpoint implements Endpoint {
  private @Nullable HttpServer server;
  private @Nullable HttpServer metrics;
  private @Nullable RequestLog log;

  /** For {@link java.util.ServiceLoader}. */
  public DockerEndpoint() {}

  @Override
  public String name() {
    return "docker";
  }

  @Override
  public void start(Engine engine, Map<String, String> options) {
    RequestLog requests =
        options.containsKey("log")
            ? RequestLog.to(
                Path.of(options.get("log")), "yes".equals(options.getOrDefault("bodies", "no")))
            : RequestLog.none();
    log = requests;
    HttpServer http =
        new HttpServer(
            DockerApi.dialect(
                engine, HostAccess.refusing(options.getOrDefault("refuse", "")), requests));
    String socket = options.getOrDefault("socket", "");
    if (socket.equals("inherited")) {
      http.listenInherited();
    } else if (!socket.isEmpty()) {
      http.listen(Path.of(socket), SocketMode.parse(options.getOrDefault("mode", "0660")));
    }
    if (options.containsKey("tcp")) {
      listenTcp(http, options);
    }
    http.start();
    server = http;
    if (options.containsKey("metrics")) {
      HttpServer pages = new HttpServer(Metrics.dialect(engine));
      pages.listenLoopback(Integer.parseInt(options.get("metrics")));
      pages.start();
      metrics = pages;
    }
  }

  private static void listenTcp(HttpServer http, Map<String, String> options) {
    String address = options.getOrDefault("tcp", "");
    int colon = address.lastIndexOf(':');
    if (colon < 1) {
      throw new IllegalArgumentException("tcp takes HOST:PORT, not '" + address + "'");
    }
    for (String file : List.of("tlscacert", "tlscert", "tlskey")) {
      if (!options.containsKey(file)) {
        throw new IllegalArgumentException(
            "the API on TCP is root on this host for whoever connects, so it needs mutual TLS: give "
                + file);
      }
    }
    SslContextFactory.Server tls = new SslContextFactory.Server();
    tls.setKeyStore(
        PemFiles.identity(Path.of(options.get("tlscert")), Path.of(options.get("tlskey"))));
    tls.setKeyStorePassword(PemFiles.PASSWORD);
    tls.setTrustStore(PemFiles.authorities(Path.of(options.get("tlscacert"))));
    http.listenMutualTls(
        address.substring(0, colon), Integer.parseInt(address.substring(colon + 1)), tls);
  }

  @Override
  public void close() {
    if (server != null) {
      server.close();
    }
    if (metrics != null) {
      metrics.close();
    }
    if (log != null) {
      log.close();
    }
  }
}
