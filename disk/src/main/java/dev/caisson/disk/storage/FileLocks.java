/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.storage;

import dev.caisson.disk.DiskException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * QEMU's byte locks (its block/file-posix.c), so that its tools and ours respect each other.
 *
 * <p>Every lock is shared. Who does something locks byte 100 + n; who does not suffer others doing
 * it locks byte 200 + n; then each looks whether another holds the counterpart. Here n is 0 for
 * reading, 1 for writing, 3 for resizing; every opener excludes foreign writing and resizing.
 *
 * <p>With a {@link HostFiles} provider the locks are "open file description" locks. Without one
 * they are the JDK's, which the kernel drops when this process closes any handle to the same file;
 * therefore all uses within this process are counted here, and the locks taken anew after a close.
 */
final class FileLocks {
  private static final long DOES = 100;
  private static final long REFUSES = 200;
  private static final long READ = 0;
  private static final long WRITE = 1;
  private static final long RESIZE = 3;

  /** Every file this process has open, by the identity the file system gives it. */
  private static final Map<Object, Uses> OPEN = new HashMap<>();

  private FileLocks() {}

  /** A lock that is held. */
  interface Held extends AutoCloseable {
    /** Takes the lock anew after a handle to the file was closed. */
    void restore();

    @Override
    void close();
  }

  static Held take(Path path, boolean writing, Optional<HostFiles.HostFile> host) {
    synchronized (OPEN) {
      Object identity = identity(path);
      Uses uses = OPEN.computeIfAbsent(identity, absent -> new Uses(path));
      if (uses.writers > 0 || (writing && uses.readers > 0)) {
        throw locked(path, "this process has it open");
      }
      try {
        if (host.isPresent()) {
          lockByHandle(path, writing, host.get());
        } else {
          uses.lockByProcess(writing);
        }
      } catch (DiskException refused) {
        uses.forgetIfUnused(identity);
        throw refused;
      }
      uses.count(writing, 1);
      return new Held() {
        @Override
        public void restore() {
          synchronized (OPEN) {
            if (host.isEmpty()) {
              uses.lockByProcess(uses.writers > 0);
            }
          }
        }

        @Override
        public void close() {
          synchronized (OPEN) {
            uses.count(writing, -1);
            if (!uses.forgetIfUnused(identity)) {
              restore();
            }
          }
        }
      };
    }
  }

  private static Object identity(Path path) {
    try {
      Object key =
          Files.readAttributes(path, java.nio.file.attribute.BasicFileAttributes.class).fileKey();
      return key == null ? path.toRealPath() : key;
    } catch (IOException failure) {
      throw DiskException.io(path.toString(), failure);
    }
  }

  private static void lockByHandle(Path path, boolean writing, HostFiles.HostFile host) {
    for (long offset : wanted(writing)) {
      host.lockShared(offset);
    }
    for (long offset : excluded(writing)) {
      if (host.lockedByOther(offset)) {
        wanted(writing).forEach(host::unlock);
        throw locked(path, "another process has it open");
      }
    }
  }

  private static List<Long> wanted(boolean writing) {
    return writing
        ? List.of(DOES + READ, DOES + WRITE, DOES + RESIZE, REFUSES + WRITE, REFUSES + RESIZE)
        : List.of(DOES + READ, REFUSES + WRITE, REFUSES + RESIZE);
  }

  /** Bytes whose lock by another means that we cannot have the file. */
  private static List<Long> excluded(boolean writing) {
    return writing
        ? List.of(REFUSES + READ, REFUSES + WRITE, REFUSES + RESIZE, DOES + WRITE, DOES + RESIZE)
        : List.of(REFUSES + READ, DOES + WRITE, DOES + RESIZE);
  }

  private static DiskException locked(Path path, String by) {
    return new DiskException(
        DiskException.Kind.LOCKED,
        "%s: locked, %s; close it there, or open with force-share to only read"
            .formatted(path, by));
  }

  /** What this process does with one file. */
  private static final class Uses {
    private final Path path;
    private final List<FileLock> locks = new ArrayList<>();
    private Optional<FileChannel> handle = Optional.empty();
    private int readers;
    private int writers;

    Uses(Path path) {
      this.path = path;
    }

    void count(boolean writing, int change) {
      if (writing) {
        writers += change;
      } else {
        readers += change;
      }
    }

    boolean forgetIfUnused(Object identity) {
      if (readers + writers > 0) {
        return false;
      }
      OPEN.remove(identity);
      dropHandle();
      return true;
    }

    void lockByProcess(boolean writing) {
      dropHandle();
      boolean canWrite = Files.isWritable(path);
      try {
        FileChannel file =
            canWrite
                ? FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)
                : FileChannel.open(path, StandardOpenOption.READ);
        handle = Optional.of(file);
        if (canWrite) { // an exclusive lock, which is how the JDK can look for others, needs it
          for (long offset : excluded(writing)) {
            probe(file, offset);
          }
        }
        for (long offset : wanted(writing)) {
          FileLock lock = file.tryLock(offset, 1, true);
          if (lock == null) {
            throw locked(path, "another process has it open");
          }
          locks.add(lock);
        }
      } catch (IOException | OverlappingFileLockException failure) {
        dropHandle();
        throw new DiskException(
            DiskException.Kind.LOCKED, path + ": cannot be locked: " + failure, failure);
      } catch (DiskException refused) {
        dropHandle();
        throw refused;
      }
    }

    private void probe(FileChannel file, long offset) throws IOException {
      FileLock free = file.tryLock(offset, 1, false);
      if (free == null) {
        throw locked(path, "another process has it open");
      }
      free.release();
    }

    private void dropHandle() {
      locks.clear();
      handle.ifPresent(file -> {
        try {
          file.close();
        } catch (IOException nothingLost) {
          // The handle carried only locks.
        }
      });
      handle = Optional.empty();
    }
  }
}
