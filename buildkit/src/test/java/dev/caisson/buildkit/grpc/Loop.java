/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.grpc;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.client.HTTP2Client;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.AbstractConnectionFactory;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** A server of methods and a channel to it, over loopback. */
public final class Loop implements AutoCloseable {
  private final Server server = new Server();
  private final HTTP2Client client = new HTTP2Client();
  private final GrpcServer grpc;
  private final int port;

  public Loop(Map<String, GrpcMethod> methods) throws Exception {
    grpc = new GrpcServer(methods);
    var connector =
        new ServerConnector(
            server,
            1,
            1,
            new AbstractConnectionFactory("h2c") {
              @Override
              public Connection newConnection(Connector from, EndPoint endPoint) {
                return grpc.connection(from, endPoint);
              }
            });
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    server.start();
    client.start();
    port = connector.getLocalPort();
  }

  public GrpcChannel channel() throws IOException {
    try {
      return new GrpcChannel(
          client
              .connect(new InetSocketAddress("127.0.0.1", port), new Session.Listener() {})
              .get(30, TimeUnit.SECONDS));
    } catch (Exception e) {
      throw new IOException(e);
    }
  }

  @Override
  public void close() {
    try {
      client.stop();
      server.stop();
    } catch (Exception failed) {
      throw new IllegalStateException(failed);
    }
    grpc.close();
  }
}
