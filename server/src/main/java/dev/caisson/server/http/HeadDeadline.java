/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.http;

import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Closes connections whose client does not get a request's head out in time: one byte now and then
 * would keep a connection from ever being idle.
 *
 * <p>The first head must be there within the deadline of connecting, any later one within the
 * deadline of its first byte, looked at four times a deadline.
 */
final class HeadDeadline implements Connection.Listener {
  private final Map<EndPoint, Head> waiting = new ConcurrentHashMap<>();
  private final long deadline;
  private final LongSupplier nanoseconds;

  HeadDeadline(Duration deadline) {
    this(deadline, System::nanoTime);
  }

  HeadDeadline(Duration deadline, LongSupplier nanoseconds) {
    this.deadline = deadline.toNanos();
    this.nanoseconds = nanoseconds;
  }

  /** What is known of one connection; guarded by itself. */
  private static final class Head {
    private Connection connection;
    private boolean first = true;
    private boolean answering;
    private boolean begun;
    private long since;
    private long bytes;

    Head(Connection connection, long now) {
      this.connection = connection;
      since = now;
    }
  }

  @Override
  public void onOpened(Connection connection) {
    if (!(connection instanceof SslConnection)) { // it carries the one that counts
      // What reads the first bytes hands the same head over to the connection that parses it.
      Head head =
          waiting.computeIfAbsent(
              connection.getEndPoint(), _ -> new Head(connection, nanoseconds.getAsLong()));
      synchronized (head) {
        head.connection = connection;
      }
    }
  }

  @Override
  public void onClosed(Connection connection) {
    if (!(connection instanceof FirstHead first && first.isPassedOn())) {
      waiting.remove(connection.getEndPoint());
    }
  }

  /** Tells the time of answering, in which nothing is due, from that of waiting. */
  Handler around(Handler inner) {
    return new Handler.Wrapper(inner) {
      @Override
      public boolean handle(Request request, Response response, Callback callback)
          throws Exception {
        Connection connection = request.getConnectionMetaData().getConnection();
        Head head = waiting.get(connection.getEndPoint());
        if (head != null) {
          answering(head, connection, true);
          Request.addCompletionListener(request, failure -> answering(head, connection, false));
        }
        return super.handle(request, response, callback);
      }
    };
  }

  private static void answering(Head head, Connection connection, boolean begins) {
    synchronized (head) {
      head.answering = begins;
      head.first = false;
      head.begun = false;
      head.bytes = connection.getBytesIn();
    }
  }

  /** Looks again and again for as long as the scheduler runs. */
  void watch(Scheduler scheduler) {
    scheduler.schedule(
        () -> {
          sweep();
          watch(scheduler);
        },
        deadline / 4,
        TimeUnit.NANOSECONDS);
  }

  private void sweep() {
    long now = nanoseconds.getAsLong();
    waiting.forEach((endPoint, head) -> {
      if (overdue(head, now)) {
        waiting.remove(endPoint);
        endPoint.close();
      }
    });
  }

  private boolean overdue(Head head, long now) {
    synchronized (head) {
      Connection connection = head.connection;
      if (head.answering) {
        return false;
      }
      if (!head.first && !head.begun && connection.getBytesIn() > head.bytes) {
        head.begun = true;
        head.since = now;
      }
      return (head.first || head.begun) && now - head.since > deadline;
    }
  }
}
