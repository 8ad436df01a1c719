/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.storage;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * What a host can do with files beyond the JDK: locks that belong to an open file, holes. Modules
 * with native access provide it by {@link ServiceLoader}; without one, disks work all the same,
 * with the JDK's locks and by writing zeroes.
 */
public interface HostFiles {

  /** Opens a second handle to {@code path} for the calls below; empty if this host cannot. */
  Optional<HostFile> open(Path path, boolean writable);

  /** The provider on the module or class path, if any. */
  static Optional<HostFiles> installed() {
    return Installed.PROVIDER;
  }

  /** Holder, so that looking costs once and only where it is needed. */
  final class Installed {
    private static final Optional<HostFiles> PROVIDER =
        ServiceLoader.load(HostFiles.class, HostFiles.class.getClassLoader()).findFirst();

    private Installed() {}
  }

  /** One open file, as the host's own calls see it. */
  interface HostFile extends AutoCloseable {

    /**
     * Takes a lock on one byte, shared with other such locks, that lives as long as this handle.
     * F_OFD_SETLK
     */
    void lockShared(long offset);

    /** Gives one byte's lock back. */
    void unlock(long offset);

    /** Whether another handle holds any lock on the byte. F_OFD_GETLK */
    boolean lockedByOther(long offset);

    /** First stored byte at or after {@code offset}, or {@code limit}. SEEK_DATA */
    long nextData(long offset, long limit);

    /** First hole at or after {@code offset}, or {@code limit}. SEEK_HOLE */
    long nextHole(long offset, long limit);

    /** Zeroes the range and frees its space; false if the file system cannot. */
    boolean punchHole(long offset, long length);

    /**
     * Fills a direct buffer with the bytes at {@code offset}. pread(2)
     *
     * @return false, with the buffer's position as it was, if they are not all there or the call
     *     failed; whoever wants to know why reads through the {@link Storage}
     */
    boolean fill(long offset, ByteBuffer target);

    /** Bytes the file takes on the host: st_blocks * 512. */
    long space();

    /** Reserves space for the range; false if the file system cannot. */
    boolean allocate(long offset, long length);

    @Override
    void close();
  }
}
