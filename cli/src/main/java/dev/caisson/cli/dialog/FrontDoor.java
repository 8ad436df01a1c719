/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.dialog;

import dev.caisson.cli.table.CommandRunner;
import dev.caisson.engine.EngineException;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixListener;
import dev.caisson.linux.io.UnixSocket;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.locks.LockSupport;

/**
 * The socket front ends come to. Each caller costs one thread that listens to it and one that runs
 * its command; both are platform threads, as they block in the kernel. Whoever may connect can do
 * all that the engine can: the socket is for its own user and group alone. docs/threats.md
 */
public final class FrontDoor implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(FrontDoor.class.getName());
  private static final int BACKLOG = 256;

  /** More at once wait in the socket's queue. */
  private static final int MOST_CALLERS = 512;

  private static final int INTERRUPTED = 130;

  private final Path path;
  private final UnixListener listener;

  /** Nanoseconds. */
  private static final long PAUSE = 100_000_000;

  private final CommandRunner runner;
  private final ExecutorService threads;
  private final Semaphore places = new Semaphore(MOST_CALLERS);
  private volatile boolean closed;

  private FrontDoor(Path path, UnixListener listener, CommandRunner runner) {
    this.path = path;
    this.listener = listener;
    this.runner = runner;
    this.threads =
        Executors.newCachedThreadPool(Thread.ofPlatform().daemon().name("caller-", 0).factory());
  }

  /** Opens the door; callers can connect once this returns. */
  public static FrontDoor open(Path path, CommandRunner runner) {
    try {
      Files.deleteIfExists(path); // only the holder of the state's lock comes here
      var listener = UnixListener.open(path, SocketKind.STREAM, BACKLOG);
      Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-rw----"));
      var door = new FrontDoor(path, listener, runner);
      Thread.ofPlatform().daemon().name("door").start(door::accept);
      return door;
    } catch (IOException | LinuxException e) {
      throw new EngineException(
          EngineException.Kind.IO, "cannot listen at " + path + ": " + e.getMessage(), "", e);
    }
  }

  private void accept() {
    while (!closed) {
      places.acquireUninterruptibly();
      try {
        admit(listener.accept());
      } catch (RuntimeException | OutOfMemoryError e) { // no thread, no descriptor, no heap
        places.release();
        if (!closed) {
          LOG.log(System.Logger.Level.WARNING, "accepting a caller: {0}", e.getMessage());
          LockSupport.parkNanos(PAUSE); // the caller that waits would be tried at once again
        }
      }
    }
  }

  private void admit(UnixSocket socket) {
    try {
      threads.execute(() -> serve(socket));
    } catch (RuntimeException | OutOfMemoryError e) {
      socket.close(); // it hears at once that nobody serves it
      throw e;
    }
  }

  private void serve(UnixSocket socket) {
    try (socket) {
      converse(socket);
    } catch (EOFException e) {
      // It left before it said what it wanted.
    } catch (IOException | RuntimeException | OutOfMemoryError e) {
      LOG.log(System.Logger.Level.WARNING, "a caller: {0}", e.getMessage());
    } finally {
      places.release();
    }
  }

  private void converse(UnixSocket socket) throws IOException {
    List<Fd> files;
    Frame.Reader frames;
    var first = socket.receive(64 << 10);
    files = first.files();
    if (files.size() != 3) {
      first.close();
      throw new IOException("a caller sent " + files.size() + " descriptors instead of 3");
    }
    frames = new Frame.Reader(socket, first.bytes());
    Request request;
    try {
      request = Request.parse(frames.next().body());
    } catch (IOException | RuntimeException e) {
      first.close();
      throw e;
    }
    try (var console = new CallerConsole(socket, request, files)) {
      listen(console, frames, request);
    }
  }

  /** Runs the command on another thread and hears the caller on this one. */
  private void listen(CallerConsole console, Frame.Reader frames, Request request) {
    console.accept();
    var command = threads.submit(() -> console.exit(runner.run(request.arguments(), console)));
    try {
      while (console.hear(frames.next())) {
        // each frame has been heard
      }
      console.hangUp();
      if (!command.isDone()) {
        command.cancel(true);
        console.exit(INTERRUPTED);
      }
    } catch (IOException | LinuxException e) {
      console.hangUp();
      command.cancel(true);
    }
  }

  @Override
  public void close() {
    closed = true;
    listener.close();
    threads.shutdownNow();
    try {
      Files.deleteIfExists(path);
    } catch (IOException e) {
      LOG.log(System.Logger.Level.DEBUG, "cannot remove {0}: {1}", path, e.getMessage());
    }
  }
}
