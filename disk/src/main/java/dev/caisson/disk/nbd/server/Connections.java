/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

import dev.caisson.disk.nbd.link.Inbox;
import dev.caisson.disk.nbd.link.PlainLink;
import java.io.IOException;
import java.lang.System.Logger.Level;
import java.net.StandardSocketOptions;
import java.nio.channels.SocketChannel;
import java.util.Collection;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The clients of a server. Each has a thread from its first byte to its last; strangers have little
 * time and few places, and a stopping server waits for nobody who has not asked for anything.
 */
final class Connections implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(Connections.class.getName());

  /** Buffers hold one long reply, or many short ones. */
  private static final int BUFFER = 512 << 10;

  private final Collection<NbdExport> exports;
  private final Optional<NbdTls> tls;
  private final NbdLimits limits;
  private final Serving serving;
  private final Semaphore strangers;
  private final Semaphore places;
  private final AtomicInteger sessions = new AtomicInteger();
  private final Set<Connection> open = ConcurrentHashMap.newKeySet();
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("nbd-clock").factory());
  private volatile boolean stopping;

  Connections(
      Collection<NbdExport> exports, Optional<NbdTls> tls, NbdLimits limits, Workers workers) {
    this.exports = exports;
    this.tls = tls;
    this.limits = limits;
    this.serving =
        new Serving(workers, new BufferPool(BUFFER), limits.inFlightBytes(), () -> stopping);
    this.strangers = new Semaphore(limits.handshakes());
    this.places = new Semaphore(limits.connections());
  }

  int sessions() {
    return sessions.get();
  }

  /** Waits until one more client may come; {@link #start} or {@link #noneCame} must follow. */
  void awaitRoom() throws InterruptedException {
    places.acquire();
    strangers.acquire();
  }

  void noneCame() {
    strangers.release();
    places.release();
  }

  void start(SocketChannel channel) {
    synchronized (open) { // Whoever close() finds in the set has started, and nobody comes after.
      if (!stopping) {
        var connection = new Connection(channel);
        open.add(connection);
        connection.thread.start();
        return;
      }
    }
    noneCame();
    closeQuietly(channel);
  }

  @Override
  public void close() {
    synchronized (open) {
      stopping = true;
    }
    open.forEach(Connection::stop);
    long end = System.nanoTime() + limits.goodbye().toNanos();
    for (var connection : open) {
      connection.await(end - System.nanoTime());
    }
    open.forEach(Connection::cut);
    clock.shutdownNow();
  }

  /** One client. */
  private final class Connection {
    private final SocketChannel channel;
    private final Thread thread =
        Thread.ofPlatform().daemon().name("nbd-client").unstarted(this::run);
    private volatile boolean handshaking = true;

    Connection(SocketChannel channel) {
      this.channel = channel;
    }

    private void run() {
      try {
        serve();
      } catch (IOException gone) {
        // Strangers must not be able to fill a log.
        LOG.log(Level.DEBUG, "connection ended: {0}", gone.toString());
      } catch (RuntimeException | StackOverflowError | OutOfMemoryError bug) {
        LOG.log(Level.ERROR, "connection failed unexpectedly", bug);
      } finally {
        if (handshaking) {
          strangers.release();
        }
        cut();
        open.remove(this);
        places.release();
      }
    }

    private void serve() throws IOException {
      var timeout = clock.schedule(this::cut, limits.handshake().toMillis(), TimeUnit.MILLISECONDS);
      prepare();
      var negotiation = new Negotiation(new PlainLink(channel), exports, tls, serving.stopping());
      Optional<Session> session;
      try {
        session = negotiation.run();
      } finally {
        timeout.cancel(false);
      }
      if (session.isEmpty()) {
        negotiation.link().close();
        return;
      }
      handshaking = false;
      strangers.release();
      sessions.incrementAndGet();
      try (var link = negotiation.link()) {
        var inbox = new Inbox(negotiation.inbox(), Transmission.INBOX);
        new Transmission(link, inbox, session.get(), serving).run();
      } finally {
        sessions.decrementAndGet();
      }
    }

    private void prepare() throws IOException {
      if (channel.supportedOptions().contains(StandardSocketOptions.TCP_NODELAY)) {
        channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      }
    }

    /** Ends a handshake at once, a session when its requests are answered. */
    void stop() {
      try {
        if (handshaking) {
          channel.close();
        } else {
          channel.shutdownInput();
        }
      } catch (IOException alreadyGone) {
        LOG.log(Level.TRACE, "stopping a connection that ended", alreadyGone);
      }
    }

    void await(long nanos) {
      try {
        thread.join(java.time.Duration.ofNanos(Math.max(1, nanos)));
      } catch (InterruptedException hurry) {
        Thread.currentThread().interrupt();
      }
    }

    void cut() {
      closeQuietly(channel);
    }
  }

  private static void closeQuietly(SocketChannel channel) {
    try {
      channel.close();
    } catch (IOException alreadyGone) {
      LOG.log(Level.TRACE, "closing a connection that ended", alreadyGone);
    }
  }
}
