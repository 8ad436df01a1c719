/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.grpc;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.util.Callback;

/** Calls methods of the other side. */
public final class GrpcChannel implements AutoCloseable {
  private static final long OPENING_SECONDS = 30;

  private final Session session;

  GrpcChannel(Session session) {
    this.session = session;
  }

  /** Begins a call whose messages follow. */
  public GrpcCall open(String path, Map<String, List<String>> metadata) throws IOException {
    var call = new GrpcCall();
    var frame = new HeadersFrame(GrpcHeaders.request(path, metadata), null, false);
    try {
      call.opened(session.newStream(frame, call.listener()).get(OPENING_SECONDS, TimeUnit.SECONDS));
      return call;
    } catch (InterruptedException interrupted) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while calling " + path, interrupted);
    } catch (TimeoutException | java.util.concurrent.ExecutionException failed) {
      throw new IOException("cannot call " + path + " of the client", failed);
    }
  }

  /**
   * One message asks, one answers.
   *
   * @throws GrpcException the status that ended the call
   */
  public byte[] unary(String path, byte[] request) throws IOException {
    try (GrpcCall call = open(path, Map.of())) {
      call.sendLast(request);
      byte[] answer = call.receive().orElse(null);
      if (answer != null) {
        while (call.receive().isPresent()) {
          // A second answer to one question is ignored; the status follows.
        }
      }
      call.checkStatus();
      if (answer == null) {
        throw new GrpcException(GrpcException.Code.INTERNAL, path + " gave no answer");
      }
      return answer;
    }
  }

  public boolean isClosed() {
    return session.isClosed();
  }

  @Override
  public void close() {
    session.close(ErrorCode.NO_ERROR.code, "the build is over", Callback.NOOP);
  }
}
