/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.server.AbstractConnector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.unixdomain.server.UnixDomainServerConnector;
import org.eclipse.jetty.util.VirtualThreads;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Jetty, wired for the dialects: requests on virtual threads, headers of at most 64 KiB, idle
 * connections closed.
 *
 * <p>Answers on Unix sockets, and on TCP only with mutual TLS or, for read-only pages, on loopback.
 */
public final class HttpServer implements AutoCloseable {
  private static final int HEADER_LIMIT = 64 << 10;
  private static final int READ = 64 << 10; // Jetty pools no larger buffers
  private static final Duration IDLE = Duration.ofSeconds(60);

  private final Server server;
  private final HeadDeadline deadline;
  private final HttpConfiguration configuration = new HttpConfiguration();

  public HttpServer(Dialect dialect) {
    this(dialect, Duration.ofSeconds(30));
  }

  /**
   * @param deadline for a whole request header, from the connection's or its own beginning
   */
  public HttpServer(Dialect dialect, Duration deadline) {
    this.deadline = new HeadDeadline(deadline);
    QueuedThreadPool threads = new QueuedThreadPool(16, 2);
    threads.setName("http");
    threads.setVirtualThreadsExecutor(VirtualThreads.getNamedVirtualThreadsExecutor("http-"));
    server = new Server(threads);
    server.setHandler(this.deadline.around(CrossSite.around(dialect.handler())));
    server.setErrorHandler(dialect.errors());
    configuration.setRequestHeaderSize(HEADER_LIMIT);
    configuration.setSendServerVersion(false);
    configuration.setSendDateHeader(true);
    // Image names carry encoded slashes; the route table matches decoded paths and knows no "..".
    // Clients join a base with a slash and a path with one.
    configuration.setUriCompliance(
        UriCompliance.DEFAULT.with(
            "docker",
            UriCompliance.Violation.AMBIGUOUS_PATH_SEPARATOR,
            UriCompliance.Violation.AMBIGUOUS_EMPTY_SEGMENT));
    configuration.setMinRequestDataRate(0);
  }

  /**
   * Listens on a Unix socket, replacing a stale one.
   *
   * @param permissions as {@code rw-rw----}
   */
  public void listen(Path socket, String permissions) {
    UnixDomainServerConnector connector =
        new UnixDomainServerConnector(server, 1, 1, http(configuration));
    connector.setUnixDomainPath(socket);
    add(connector);
    sockets.add(new SocketFile(socket, permissions));
  }

  /**
   * Listens on the socket that the starting process left as descriptor 0, as systemd's socket
   * activation is passed on.
   */
  public void listenInherited() {
    UnixDomainServerConnector connector =
        new UnixDomainServerConnector(server, 1, 1, http(configuration));
    connector.setInheritChannel(true);
    add(connector);
  }

  /** Listens on TCP; clients must show a certificate that {@code tls} trusts. */
  public void listenMutualTls(String host, int port, SslContextFactory.Server tls) {
    tls.setNeedClientAuth(true);
    HttpConfiguration secure = new HttpConfiguration(configuration);
    secure.addCustomizer(new SecureRequestCustomizer(false));
    HttpConnectionFactory http = http(secure);
    ServerConnector connector =
        new ServerConnector(server, 1, 1, new SslConnectionFactory(tls, http.getProtocol()), http);
    connector.setHost(host);
    connector.setPort(port);
    add(connector);
  }

  /** Listens on TCP of this machine only, for pages without secrets such as metrics. */
  public void listenLoopback(int port) {
    ServerConnector connector = new ServerConnector(server, 1, 1, http(configuration));
    connector.setHost("127.0.0.1");
    connector.setPort(port);
    add(connector);
  }

  /** Every read of an archive's body costs a turn of the selector, whatever its size. */
  private static HttpConnectionFactory http(HttpConfiguration configuration) {
    HttpConnectionFactory factory = FirstHead.before(configuration);
    factory.setInputBufferSize(READ);
    return factory;
  }

  private void add(AbstractConnector connector) {
    connector.setIdleTimeout(IDLE.toMillis());
    connector.addBean(deadline);
    server.addConnector(connector);
  }

  private final java.util.List<SocketFile> sockets = new java.util.ArrayList<>();

  private record SocketFile(Path path, String permissions) {}

  /** Begins to answer. */
  public void start() {
    try {
      for (SocketFile socket : sockets) {
        Files.createDirectories(socket.path().toAbsolutePath().getParent());
        Files.deleteIfExists(socket.path());
      }
      server.start();
      deadline.watch(server.getScheduler());
      for (SocketFile socket : sockets) {
        Files.setPosixFilePermissions(
            socket.path(), PosixFilePermissions.fromString(socket.permissions()));
      }
    } catch (Exception failed) {
      throw new IllegalStateException(
          "the HTTP server did not start: " + failed.getMessage(), failed);
    }
  }

  /** The port of the first TCP listener, for tests that ask for port 0. */
  public int port() {
    for (var connector : server.getConnectors()) {
      if (connector instanceof ServerConnector tcp) {
        return tcp.getLocalPort();
      }
    }
    throw new IllegalStateException("no TCP listener");
  }

  @Override
  public void close() {
    try {
      server.stop();
      for (SocketFile socket : sockets) {
        Files.deleteIfExists(socket.path());
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (Exception failed) {
      throw new IllegalStateException(
          "the HTTP server did not stop: " + failed.getMessage(), failed);
    }
  }
}
