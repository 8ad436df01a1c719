/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Unrelated;
import dev.caisson.linux.mount.DetachedMount;
import dev.caisson.rootfs.RootfsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Roots mounted ahead of need for the images that were started last: an overlay takes six
 * directories and a mount, a third of what a start costs. docs/decisions/0480
 *
 * <p>Nothing is made for an image that was started once only, and what was made is given up when no
 * start wanted it for a minute. The mounts are gone with this process, their directories with the
 * next engine.
 */
public final class ReadyRoots implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger(ReadyRoots.class.getName());
  private static final int KEPT = 4;
  private static final int IMAGES = 2;
  private static final long IDLE_SECONDS = 60;

  // The start that took the last one is further on by then, and in need of fewer processors.
  private static final long SOON_MILLIS = 4;

  private final Path directory;
  private final Map<ReadyRoot.Of, Shelf> shelves = new LinkedHashMap<>(4, 0.75f, true);
  private final ScheduledExecutorService worker =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("container-roots").factory());
  private long count;
  private boolean closed;

  /** Those of one kind. */
  private static final class Shelf {
    private final ArrayDeque<ReadyRoot> ready = new ArrayDeque<>();
    private boolean wantedBefore;
    private long takenAt = System.nanoTime();
  }

  /**
   * Roots for the containers of one engine.
   *
   * @param directory of ours alone, on the file system of the containers, and empty at the start
   */
  public ReadyRoots(Path directory) {
    this.directory = directory;
  }

  /**
   * A mounted root whose upper and work directories are now in {@code state}, which must not exist;
   * empty if none is ready. The caller closes the mount, attached or not.
   */
  Optional<DetachedMount> take(ReadyRoot.Of of, Path state) {
    try {
      for (Optional<ReadyRoot> ready = poll(of); ready.isPresent(); ready = poll(of)) {
        if (ready.get().moveTo(state)) {
          return Optional.of(ready.get().mount());
        }
        execute(ready.get()::discard);
      }
      return Optional.empty();
    } finally {
      want(of);
    }
  }

  private synchronized Optional<ReadyRoot> poll(ReadyRoot.Of of) {
    Shelf shelf = shelves.get(of);
    return shelf == null ? Optional.empty() : Optional.ofNullable(shelf.ready.poll());
  }

  private synchronized void want(ReadyRoot.Of of) {
    if (closed) {
      return;
    }
    if (shelves.isEmpty()) {
      expireLater();
    }
    Shelf shelf = shelves.computeIfAbsent(of, _ -> new Shelf());
    shelf.takenAt = System.nanoTime();
    if (shelf.wantedBefore) {
      var _ = worker.schedule(() -> fill(of), SOON_MILLIS, TimeUnit.MILLISECONDS);
    }
    shelf.wantedBefore = true;
    if (shelves.size() > IMAGES) {
      var eldest = shelves.entrySet().iterator();
      Shelf former = eldest.next().getValue();
      eldest.remove();
      former.ready.forEach(root -> execute(root::discard));
    }
  }

  private synchronized void execute(Runnable work) {
    if (!closed) {
      worker.execute(work);
    }
  }

  private synchronized boolean wants(ReadyRoot.Of of) {
    Shelf shelf = shelves.get(of);
    return !closed && shelf != null && shelf.ready.size() < KEPT;
  }

  private synchronized boolean keep(ReadyRoot root) {
    Shelf shelf = shelves.get(root.of());
    return !closed && shelf != null && shelf.ready.add(root);
  }

  /** On the worker's thread. */
  private void fill(ReadyRoot.Of of) {
    while (wants(of)) {
      Path place = directory.resolve(Long.toString(count++));
      try {
        makeDirectory();
        ReadyRoot root = ReadyRoot.make(of, place);
        if (!keep(root)) {
          root.discard();
        }
      } catch (IOException | LinuxException | RootfsException cannot) {
        // Whoever starts a container meets the same, and is told.
        LOG.log(System.Logger.Level.DEBUG, "no root is mounted ahead: {0}", cannot.getMessage());
        ReadyRoot.remove(place);
        return;
      }
    }
  }

  private void makeDirectory() throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(directory);
      Unrelated.below(directory);
    }
  }

  private void expireLater() {
    var _ = worker.schedule(this::expire, IDLE_SECONDS, TimeUnit.SECONDS);
  }

  /** On the worker's thread. */
  private void expire() {
    forget(TimeUnit.SECONDS.toNanos(IDLE_SECONDS)).forEach(ReadyRoot::discard);
    synchronized (this) {
      if (!closed && !shelves.isEmpty()) {
        expireLater();
      }
    }
  }

  private synchronized List<ReadyRoot> forget(long idleNanos) {
    long now = System.nanoTime();
    List<ReadyRoot> forgotten = new ArrayList<>();
    shelves
        .values()
        .removeIf(shelf -> {
          boolean idle = now - shelf.takenAt >= idleNanos;
          if (idle) {
            forgotten.addAll(shelf.ready);
          }
          return idle;
        });
    return forgotten;
  }

  /** Makes no more, and removes what was not taken. */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
    }
    worker.shutdownNow();
    try {
      var _ = worker.awaitTermination(IDLE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    forget(0).forEach(ReadyRoot::discard);
    worker.close();
  }
}
