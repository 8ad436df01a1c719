/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.grpc;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.client.HTTP2Client;
import org.eclipse.jetty.http2.client.HTTP2ClientConnectionFactory;
import org.eclipse.jetty.http2.frames.GoAwayFrame;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Promise;
import org.jspecify.annotations.Nullable;

/** Becomes the client on connections whose other side connected to us. */
public final class GrpcDialer {
  /** Patterns of ignored files travel in a header; Go's server takes as much. */
  private static final int HEADERS = 1 << 20;

  private static final int CONNECTION_WINDOW = 8 << 20;
  private static final int STREAM_WINDOW = 4 << 20;

  private @Nullable HTTP2Client client;

  /**
   * Takes a connection over.
   *
   * @param opened gets the way to call the other side
   * @param closed runs once it is gone
   */
  public Connection connection(
      Connector connector, EndPoint endPoint, Consumer<GrpcChannel> opened, Runnable closed) {
    endPoint.setIdleTimeout(0);
    Map<String, Object> context = new HashMap<>();
    context.put(HTTP2Client.CONTEXT_KEY, client(connector));
    context.put(HTTP2Client.SESSION_LISTENER_CONTEXT_KEY, new Watch(closed));
    context.put(
        HTTP2Client.SESSION_PROMISE_CONTEXT_KEY,
        Promise.<Session>from(
            session -> opened.accept(new GrpcChannel(session)), failure -> closed.run()));
    Connection connection = new HTTP2ClientConnectionFactory().newConnection(endPoint, context);
    connection.addEventListener(
        new Connection.Listener() {
          @Override
          public void onClosed(Connection gone) {
            closed.run();
          }
        });
    return connection;
  }

  private record Watch(Runnable closed) implements Session.Listener {
    @Override
    public void onClose(Session session, GoAwayFrame frame, Callback callback) {
      closed.run();
      callback.succeeded();
    }

    @Override
    public void onFailure(Session session, Throwable failure, Callback callback) {
      closed.run();
      callback.succeeded();
    }

    @Override
    public boolean onIdleTimeout(Session session) {
      return false;
    }
  }

  /** Shares the server's threads and ends with it; made when the first session comes. */
  private synchronized HTTP2Client client(Connector connector) {
    HTTP2Client known = client;
    if (known != null) {
      return known;
    }
    ClientConnector shared = new ClientConnector();
    shared.setSelectors(1);
    shared.setExecutor(connector.getExecutor());
    shared.setScheduler(connector.getScheduler());
    shared.setByteBufferPool(connector.getByteBufferPool());
    HTTP2Client made = new HTTP2Client(shared);
    made.setStreamIdleTimeout(-1);
    made.setIdleTimeout(0);
    made.setMaxRequestHeadersSize(HEADERS);
    made.setInitialSessionRecvWindow(CONNECTION_WINDOW);
    made.setInitialStreamRecvWindow(STREAM_WINDOW);
    made.setMaxConcurrentPushedStreams(0);
    connector.getServer().addBean(made, true);
    start(made);
    client = made;
    return made;
  }

  private static void start(HTTP2Client made) {
    try {
      made.start();
    } catch (Exception failed) {
      throw new IllegalStateException("HTTP/2 did not start: " + failed.getMessage(), failed);
    }
  }
}
