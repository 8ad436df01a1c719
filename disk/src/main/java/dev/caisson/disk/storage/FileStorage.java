/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.storage;

import dev.caisson.disk.DiskException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * A regular file (or block device).
 *
 * <p>A thread that is interrupted during channel I/O makes the JDK close the channel for everybody;
 * here the file is opened again, the request repeated and the interrupt kept, so that one cancelled
 * task does not take the disk away from all others.
 */
public final class FileStorage implements Storage {
  private static final ByteBuffer ZEROES = ByteBuffer.allocateDirect(1 << 20).asReadOnlyBuffer();

  private final Path path;
  private final boolean writable;
  private final Optional<HostFiles.HostFile> host;
  private final Optional<FileLocks.Held> lock;
  private final Object reopening = new Object();
  private volatile FileChannel channel;
  private volatile boolean closed;

  private FileStorage(
      Path path,
      boolean writable,
      FileChannel channel,
      Optional<HostFiles.HostFile> host,
      Optional<FileLocks.Held> lock) {
    this.path = path;
    this.writable = writable;
    this.channel = channel;
    this.host = host;
    this.lock = lock;
  }

  /** How a file is shared with other openers, in this process and in others. */
  public enum Sharing {
    /** Readers exclude writers, a writer excludes everybody: QEMU's rule. */
    LOCKED,
    /** No lock at all: qemu-img's {@code -U}. */
    UNLOCKED
  }

  /** Opens an existing file. Anything but a regular file or a block device is refused unopened. */
  public static FileStorage open(Path path, boolean writable, Sharing sharing) {
    refuseSpecial(path);
    return open(path, writable, sharing, Set.of());
  }

  /**
   * Creates a file, or empties an existing one once its lock is held.
   *
   * @throws DiskException LOCKED when somebody uses the file that stands there
   */
  public static FileStorage create(Path path, Sharing sharing) {
    if (Files.exists(path)) {
      refuseSpecial(path);
    }
    FileStorage storage = open(path, true, sharing, Set.of(StandardOpenOption.CREATE));
    try {
      storage.truncate(0);
      return storage;
    } catch (DiskException refused) {
      storage.close();
      throw refused;
    }
  }

  private static FileStorage open(
      Path path, boolean writable, Sharing sharing, Set<StandardOpenOption> more) {
    Set<OpenOption> options = new HashSet<>(more);
    options.add(StandardOpenOption.READ);
    if (writable) {
      options.add(StandardOpenOption.WRITE);
    }
    FileChannel channel;
    try {
      channel = FileChannel.open(path, options);
    } catch (IOException failure) {
      throw DiskException.io(path.toString(), failure);
    }
    try {
      var host = HostFiles.installed().flatMap(files -> files.open(path, writable));
      Optional<FileLocks.Held> lock =
          sharing == Sharing.LOCKED
              ? Optional.of(FileLocks.take(path, writable, host))
              : Optional.empty();
      return new FileStorage(path, writable, channel, host, lock);
    } catch (DiskException refused) {
      closeQuietly(channel);
      throw refused;
    }
  }

  /** A fifo blocks its opener, a character device may act on it: neither is ever a disk. */
  private static void refuseSpecial(Path path) {
    if (!Files.exists(path)) {
      throw new DiskException(DiskException.Kind.MISSING, path + ": no such file");
    }
    if (Files.isRegularFile(path)) {
      return;
    }
    if (Files.isDirectory(path)) {
      throw new DiskException(
          DiskException.Kind.REFUSED, path + ": is a directory; name a file in it");
    }
    if (path.toAbsolutePath().startsWith("/dev")) {
      return; // block devices; a character device fails on its first positional read
    }
    throw new DiskException(
        DiskException.Kind.REFUSED, path + ": is neither a regular file nor a block device");
  }

  /** Reserves space for all of a file, where the host can. */
  public static void reserve(Path path) {
    try (var storage = open(path, true, Sharing.LOCKED)) {
      storage.host.ifPresent(file -> file.allocate(0, storage.size()));
    }
  }

  /** Bytes a file takes on its host, where the file system tells; else its length. */
  public static long spaceOf(Path path) throws IOException {
    try {
      return HostFiles.installed()
          .flatMap(files -> files.open(path, false))
          .map(file -> {
            try (file) {
              return file.space();
            }
          })
          .orElse(Files.size(path));
    } catch (DiskException unreadable) {
      return Files.size(path);
    }
  }

  /** The host's own handle to the file, where it has one; valid until this storage closes. */
  public Optional<HostFiles.HostFile> host() {
    return host;
  }

  @Override
  public String name() {
    return path.toString();
  }

  @Override
  public boolean writable() {
    return writable;
  }

  @Override
  public long size() {
    return retrying(FileChannel::size);
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    refuseNegative(offset);
    int start = target.position();
    retrying(file -> {
      while (target.hasRemaining()) {
        int count = file.read(target, offset + target.position() - start);
        if (count < 0) {
          throw new EOFException(
              "ends at %d, before %d bytes at %d"
                  .formatted(file.size(), target.limit() - start, offset));
        }
      }
      return 0L;
    });
  }

  @Override
  public void write(long offset, ByteBuffer source) {
    refuseNegative(offset);
    int start = source.position();
    retrying(file -> {
      while (source.hasRemaining()) {
        int _ = file.write(source, offset + source.position() - start);
      }
      return 0L;
    });
  }

  /** A table entry of a broken image can say anything. */
  private void refuseNegative(long offset) {
    if (offset < 0) {
      throw DiskException.corrupt(name(), "an offset of 2^63 or more");
    }
  }

  @Override
  public void truncate(long size) {
    retrying(file -> {
      if (size <= file.size()) {
        file.truncate(size);
      } else {
        int _ = file.write(ByteBuffer.allocate(1), size - 1);
      }
      return 0L;
    });
  }

  @Override
  public void flush() {
    retrying(file -> {
      file.force(false);
      return 0L;
    });
  }

  @Override
  public long nextData(long offset, long limit) {
    return host.map(file -> file.nextData(offset, limit)).orElse(offset);
  }

  @Override
  public long nextHole(long offset, long limit) {
    return host.map(file -> file.nextHole(offset, limit)).orElse(limit);
  }

  @Override
  public OptionalLong space() {
    return host.isPresent() ? OptionalLong.of(host.get().space()) : OptionalLong.empty();
  }

  @Override
  public void zero(long offset, long length) {
    if (host.isPresent() && host.get().punchHole(offset, length)) {
      return;
    }
    long end = offset + length;
    for (long at = offset; at < end; ) {
      var piece = ZEROES.duplicate();
      piece.limit((int) Math.min(piece.capacity(), end - at));
      int count = piece.remaining();
      write(at, piece);
      at += count;
    }
  }

  @Override
  public void release(long offset, long length) {
    host.ifPresent(file -> file.punchHole(offset, length));
  }

  @Override
  public void close() {
    synchronized (reopening) {
      if (closed) {
        return;
      }
      closed = true;
    }
    closeQuietly(channel);
    lock.ifPresent(FileLocks.Held::close);
    host.ifPresent(HostFiles.HostFile::close);
  }

  private interface Call {
    long on(FileChannel channel) throws IOException;
  }

  private long retrying(Call call) {
    boolean interrupted = false;
    try {
      while (true) {
        FileChannel current = channel;
        try {
          return call.on(current);
        } catch (ClosedByInterruptException ours) {
          interrupted |= Thread.interrupted();
          reopen(current);
        } catch (java.nio.channels.ClosedChannelException another) {
          reopen(current);
        }
      }
    } catch (IOException failure) {
      throw DiskException.io(name(), failure);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @SuppressWarnings("ReferenceEquality") // which object broke is the question
  private void reopen(FileChannel broken) throws IOException {
    synchronized (reopening) {
      if (closed) {
        throw new java.nio.channels.ClosedChannelException();
      }
      if (channel != broken) {
        return; // another thread was quicker
      }
      channel =
          writable
              ? FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)
              : FileChannel.open(path, StandardOpenOption.READ);
      lock.ifPresent(FileLocks.Held::restore);
    }
  }

  private static void closeQuietly(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException nothingLost) {
      // Written data was handed to the kernel already; close(2) has no more to say to us.
    }
  }
}
