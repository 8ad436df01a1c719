/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.util.BufferUtil;
import org.jspecify.annotations.Nullable;

/**
 * Reads the first bytes of a connection, names a host where the client named none, and leaves the
 * rest to Jetty.
 *
 * <p>Docker's clients of API 1.43 and before send {@code Host:} without a host when they hijack a
 * connection for BuildKit, and Jetty refuses that whatever it is configured to. Such a request is
 * the first of its connection, and Go sends the line with its first write.
 */
final class FirstHead extends AbstractConnection implements Connection.UpgradeFrom {
  private static final int BUFFER = 8 << 10;

  /** As long as each other, so that nothing else moves. */
  private static final byte[] BLANK = "\r\nHost: \r\n".getBytes(StandardCharsets.US_ASCII);

  private static final byte[] NAMED = "\r\nHost:a\r\n".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] END = "\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

  private final Supplier<Connection> http;
  private @Nullable ByteBuffer first;
  private boolean passedOn;

  private FirstHead(EndPoint endPoint, Connector connector, Supplier<Connection> http) {
    super(endPoint, connector.getExecutor());
    this.http = http;
  }

  /** HTTP/1.1 whose first head is looked at. */
  static HttpConnectionFactory before(HttpConfiguration configuration) {
    return new HttpConnectionFactory(configuration) {
      @Override
      public Connection newConnection(Connector connector, EndPoint endPoint) {
        var first =
            new FirstHead(endPoint, connector, () -> super.newConnection(connector, endPoint));
        return configure(first, connector, endPoint);
      }
    };
  }

  /** Whether another connection goes on where this one ended. */
  boolean isPassedOn() {
    return passedOn;
  }

  @Override
  public void onOpen() {
    super.onOpen();
    fillInterested();
  }

  @Override
  public void onFillable() {
    try {
      ByteBuffer buffer = BufferUtil.allocate(BUFFER); // only now: many connections are idle
      int count = getEndPoint().fill(buffer);
      if (count < 0) {
        close();
      } else if (count == 0) {
        fillInterested();
      } else {
        nameHost(buffer);
        first = buffer;
        passedOn = true;
        getEndPoint().upgrade(http.get());
      }
    } catch (IOException gone) {
      close();
    }
  }

  @Override
  public @Nullable ByteBuffer onUpgradeFrom() {
    return first;
  }

  /** Only in the head: a body may hold the same bytes. */
  static void nameHost(ByteBuffer bytes) {
    int end = indexOf(bytes, END, bytes.limit());
    int blank = indexOf(bytes, BLANK, end < 0 ? bytes.limit() : end + 2);
    if (blank >= 0) {
      bytes.put(blank, NAMED);
    }
  }

  private static int indexOf(ByteBuffer bytes, byte[] wanted, int limit) {
    for (int at = bytes.position(); at + wanted.length <= limit; at++) {
      int same = 0;
      while (same < wanted.length && bytes.get(at + same) == wanted[same]) {
        same++;
      }
      if (same == wanted.length) {
        return at;
      }
    }
    return -1;
  }
}
