/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.grpc;

import dev.caisson.buildkit.wire.ProtoException;
import java.io.IOException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.Map;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.WindowRateControl;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.api.server.ServerSessionListener;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.http2.server.RawHTTP2ServerConnectionFactory;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** Serves methods on HTTP/2 connections that began as something else. */
public final class GrpcServer implements AutoCloseable {
  private static final Logger LOG = System.getLogger("dev.caisson.buildkit");

  /** Calls at once on one connection; buildx has about five. */
  private static final int STREAMS = 50;

  private static final int HEADERS = 64 << 10;
  private static final int CONNECTION_WINDOW = 4 << 20;
  private static final int STREAM_WINDOW = 1 << 20;

  /** Frames a second that cost us and not the client: pings, settings, resets, empty ones. */
  private static final int COSTLY_FRAMES = 1_000;

  private final Map<String, GrpcMethod> methods;
  private final RawHTTP2ServerConnectionFactory factory;

  /**
   * @param methods by path, as {@code /package.Service/Method}
   */
  public GrpcServer(Map<String, GrpcMethod> methods) {
    this.methods = Map.copyOf(methods);
    HttpConfiguration configuration = new HttpConfiguration();
    configuration.setRequestHeaderSize(HEADERS);
    factory = new RawHTTP2ServerConnectionFactory(configuration, new Calls());
    factory.setMaxConcurrentStreams(STREAMS);
    factory.setInitialSessionRecvWindow(CONNECTION_WINDOW);
    factory.setInitialStreamRecvWindow(STREAM_WINDOW);
    factory.setRateControlFactory(new WindowRateControl.Factory(COSTLY_FRAMES));
    factory.setStreamIdleTimeout(-1); // a build may be silent for hours
    try {
      factory.start();
    } catch (Exception failed) {
      throw new IllegalStateException("HTTP/2 did not start: " + failed.getMessage(), failed);
    }
  }

  /** Takes a connection over, which the client has just been told. */
  public Connection connection(Connector connector, EndPoint endPoint) {
    endPoint.setIdleTimeout(0);
    return factory.newConnection(connector, endPoint);
  }

  private final class Calls implements ServerSessionListener {
    @Override
    public Stream.@Nullable Listener onNewStream(Stream stream, HeadersFrame frame) {
      HttpFields fields = frame.getMetaData().getHttpFields();
      GrpcCall call = new GrpcCall(stream, fields, frame.isEndStream());
      call.headersAreDue();
      String path =
          frame.getMetaData() instanceof MetaData.Request request
              ? String.valueOf(request.getHttpURI().getPath())
              : "";
      Thread.ofVirtual().name("grpc" + path).start(() -> serve(path, call));
      return call.listener();
    }

    @Override
    public boolean onIdleTimeout(Session session) {
      return false;
    }

    @Override
    public void onFailure(Session session, Throwable failure, Callback callback) {
      LOG.log(Level.DEBUG, "a client's connection broke", failure);
      callback.succeeded();
    }
  }

  private void serve(String path, GrpcCall call) {
    try {
      Ending ending = ending(path, call);
      call.finish(ending.code(), ending.message());
      call.release();
    } catch (IOException gone) {
      LOG.log(Level.DEBUG, path + ": the client went away", gone);
      call.close();
    }
  }

  private record Ending(GrpcException.Code code, String message) {}

  private Ending ending(String path, GrpcCall call) throws IOException {
    GrpcMethod method = methods.get(path);
    if (method == null) {
      return new Ending(GrpcException.Code.UNIMPLEMENTED, "this engine has no " + path);
    }
    try {
      method.serve(call);
      return new Ending(GrpcException.Code.OK, "");
    } catch (GrpcException refused) {
      return new Ending(refused.code(), String.valueOf(refused.getMessage()));
    } catch (ProtoException malformed) {
      return new Ending(
          GrpcException.Code.INVALID_ARGUMENT, path + ": malformed: " + malformed.getMessage());
    } catch (OutOfMemoryError exhausted) {
      return new Ending(
          GrpcException.Code.RESOURCE_EXHAUSTED, "there is no memory for this request");
    } catch (RuntimeException unexpected) {
      LOG.log(Level.WARNING, path, unexpected);
      return new Ending(GrpcException.Code.INTERNAL, String.valueOf(unexpected.getMessage()));
    }
  }

  @Override
  public void close() {
    try {
      factory.stop();
    } catch (Exception failed) {
      LOG.log(Level.DEBUG, "HTTP/2 did not stop", failed);
    }
  }
}
