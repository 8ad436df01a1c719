/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vhost;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixListener;
import dev.caisson.linux.io.UnixSocket;
import dev.caisson.virtio.VirtioException;
import dev.caisson.virtio.device.VirtioDevice;
import dev.caisson.virtio.queue.Lookout;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * Lends one device to another VMM, which connects to a socket: one connection at a time, a new one
 * after the last has ended.
 */
public final class VhostUserServer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(VhostUserServer.class.getName());

  private static final int MOST_WAITING = 4;

  private static final long PAUSE_MILLIS = 50;

  private final Path path;
  private final VirtioDevice device;
  private final Duration look;
  private final UnixListener listener;
  private final Thread thread;
  private volatile boolean closed;
  private volatile @Nullable UnixSocket current;

  /**
   * Listens at once.
   *
   * @param path at most 107 bytes; a stale socket there is replaced
   * @param device closed together with the server
   */
  public VhostUserServer(Path path, VirtioDevice device) {
    this(path, device, Lookout.VIRTUALIZED);
  }

  /**
   * As {@link #VhostUserServer(Path, VirtioDevice)}, for guests of another pace.
   *
   * @param look the longest that a queue's next request is looked for; zero for never
   */
  public VhostUserServer(Path path, VirtioDevice device, Duration look) {
    this.path = path;
    this.device = device;
    this.look = look;
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.listener = UnixListener.open(path, SocketKind.STREAM, MOST_WAITING);
    this.thread =
        Thread.ofPlatform()
            .name("vhost-user " + path.getFileName())
            .daemon()
            .unstarted(this::serve);
    try {
      thread.start();
    } catch (Error noThread) {
      listener.close();
      throw noThread;
    }
  }

  private void serve() {
    while (!closed) {
      try (var session = new VhostSession(accept(), device, look)) {
        session.run();
      } catch (VirtioException | LinuxException | IllegalArgumentException e) {
        if (!closed) {
          LOG.log(System.Logger.Level.WARNING, "{0}: {1}", path, e.getMessage());
          pause();
        }
      } catch (RuntimeException | Error e) { // a fault of ours; whoever comes next is served
        if (!closed) {
          LOG.log(System.Logger.Level.ERROR, path + ": a connection ended", e);
          pause();
        }
      }
      current = null;
    }
  }

  /** A peer that only ever fails, or a host without descriptors, must not keep a CPU busy. */
  private static void pause() {
    try {
      Thread.sleep(PAUSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private UnixSocket accept() {
    UnixSocket accepted = listener.accept();
    current = accepted;
    if (closed) { // which has not seen this one
      accepted.shutdown();
    }
    return accepted;
  }

  @Override
  public void close() {
    closed = true;
    listener.shutdown();
    UnixSocket connection = current;
    if (connection != null) {
      connection.shutdown();
    }
    try {
      Files.deleteIfExists(path);
      thread.join(5_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "socket stays: {0}", path);
    }
    listener.close();
    device.close();
  }
}
