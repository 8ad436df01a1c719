/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Many exclusive locks, each named by a number, held against threads and other processes alike.
 *
 * <p>A lock is one byte's range of one file, so that a process that dies releases what it held and
 * no lock file is ever left over.
 */
final class LockFile {
  // Closing any descriptor of a file drops every POSIX lock this process has on it (fcntl(2)), so
  // a JVM opens each lock file once and keeps it open.
  private static final Map<Path, LockFile> OPEN = new ConcurrentHashMap<>();

  private static final long FIRST_PAUSE_MILLIS = 1;
  private static final long LONGEST_PAUSE_MILLIS = 50;

  private final Path path;
  private final FileChannel channel;
  private final Set<Long> held = new HashSet<>();

  private LockFile(Path path) {
    this.path = path;
    try {
      this.channel =
          FileChannel.open(
              path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    } catch (IOException e) {
      throw ImageException.io(path.toString(), e);
    }
  }

  /** The lock file at {@code path}, whose folder must exist. */
  static LockFile at(Path path) {
    try {
      var real = path.resolveSibling(".").toRealPath().resolve(path.getFileName());
      return OPEN.computeIfAbsent(real, LockFile::new);
    } catch (IOException e) {
      throw ImageException.io(path.toString(), e);
    }
  }

  /** A lock that is held until closed, by whichever thread. */
  interface Held extends AutoCloseable {
    @Override
    void close();
  }

  /** Waits until lock {@code number}, 0 or more, is free, and takes it. */
  Held lock(long number) {
    try {
      claimHere(number);
      return claimEverywhere(number);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ImageException(Kind.IO, path + ": interrupted while waiting for a lock", e);
    }
  }

  /** Takes lock {@code number} if nobody has it. */
  Optional<Held> tryLock(long number) {
    synchronized (held) {
      if (!held.add(number)) {
        return Optional.empty();
      }
    }
    var lock = attempt(number);
    if (lock.isEmpty()) {
      releaseHere(number);
    }
    return lock;
  }

  private void claimHere(long number) throws InterruptedException {
    synchronized (held) {
      while (!held.add(number)) {
        held.wait();
      }
    }
  }

  // Polled, because an interrupt during FileChannel.lock would close the channel and with it drop
  // every lock of this process.
  private Held claimEverywhere(long number) throws InterruptedException {
    long pause = FIRST_PAUSE_MILLIS;
    try {
      while (true) {
        var lock = attempt(number);
        if (lock.isPresent()) {
          return lock.get();
        }
        Thread.sleep(pause);
        pause = Math.min(pause * 2, LONGEST_PAUSE_MILLIS);
      }
    } catch (InterruptedException | RuntimeException e) {
      releaseHere(number);
      throw e;
    }
  }

  private Optional<Held> attempt(long number) {
    try {
      return Optional.ofNullable(channel.tryLock(number, 1, false)).map(l -> release(l, number));
    } catch (IOException e) {
      releaseHere(number);
      throw ImageException.io(path.toString(), e);
    }
  }

  private Held release(FileLock lock, long number) {
    return () -> {
      try {
        lock.release();
      } catch (IOException e) {
        throw ImageException.io(path.toString(), e);
      } finally {
        releaseHere(number);
      }
    };
  }

  private void releaseHere(long number) {
    synchronized (held) {
      held.remove(number);
      held.notifyAll();
    }
  }
}
