/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

import dev.caisson.engine.Endpoint;
import dev.caisson.engine.Engine;
import dev.caisson.engine.EngineException;
import java.io.EOFException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The socket at which an engine answers {@link Engine#connect}. Whoever may connect can do all that
 * the engine can: it is for the engine's user and group alone.
 *
 * <p>Callers are heard on virtual threads, which cost little while a caller waits for an exit; the
 * engine's own work runs on platform threads, as it blocks in the kernel.
 */
public final class EngineDoor implements Endpoint {
  private static final System.Logger LOG = System.getLogger(EngineDoor.class.getName());

  /** Bytes of a frame: a specification with its labels and environment. */
  private static final int LONGEST = 4 << 20;

  /** More at once wait in the socket's queue. */
  private static final int MOST_CALLERS = 4096;

  private static final long PAUSE_NANOS = 100_000_000;

  private final Semaphore places = new Semaphore(MOST_CALLERS);
  private final Set<Connection> open = ConcurrentHashMap.newKeySet();
  private final ExecutorService workers =
      Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("remote-", 0).factory());
  private @Nullable Path path;
  private @Nullable ServerSocketChannel listener;

  /** Closed as yet. */
  public EngineDoor() {}

  @Override
  public String name() {
    return "engine";
  }

  /**
   * {@inheritDoc}
   *
   * @param options {@code socket}: where to listen
   */
  @Override
  public void start(Engine engine, Map<String, String> options) {
    var socket = Path.of(options.getOrDefault("socket", ""));
    try {
      var draft = socket.resolveSibling(socket.getFileName() + ".new");
      Files.deleteIfExists(draft);
      var channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      channel.bind(UnixDomainSocketAddress.of(draft));
      Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-rw----"));
      // Nobody sees it with other rights; one that a killed engine left goes.
      Files.move(draft, socket, StandardCopyOption.ATOMIC_MOVE);
      path = socket;
      listener = channel;
      Thread.ofPlatform().daemon().name("engine-door").start(() -> accept(channel, engine));
    } catch (IOException e) {
      throw EngineException.io("cannot listen at " + socket + ": " + e.getMessage(), e);
    }
  }

  private void accept(ServerSocketChannel channel, Engine engine) {
    while (channel.isOpen()) {
      places.acquireUninterruptibly();
      try {
        var caller = channel.accept();
        Thread.ofVirtual().name("engine-caller").start(() -> serve(caller, engine));
      } catch (IOException | RuntimeException | OutOfMemoryError e) { // no descriptor, no heap
        places.release();
        if (channel.isOpen()) {
          LOG.log(System.Logger.Level.WARNING, "accepting a caller: {0}", e.getMessage());
          LockSupport.parkNanos(PAUSE_NANOS); // it would be tried at once again
        }
      }
    }
  }

  private void serve(SocketChannel channel, Engine engine) {
    var connection = new Connection(channel, LONGEST);
    open.add(connection);
    try {
      new Conversation(connection, engine, workers).hold();
    } catch (EOFException e) {
      // It left before it had said what it wanted.
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      if (!connection.isClosed()) {
        LOG.log(System.Logger.Level.WARNING, "a caller: {0}", e.getMessage());
      }
    } finally {
      connection.close();
      open.remove(connection);
      places.release();
    }
  }

  @Override
  public void close() {
    try {
      if (listener != null) {
        listener.close();
      }
      if (path != null) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "cannot remove {0}: {1}", path, e.getMessage());
    }
    open.forEach(Connection::close);
    workers.shutdownNow();
  }
}
