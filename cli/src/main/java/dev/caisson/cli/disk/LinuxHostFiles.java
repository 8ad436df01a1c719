/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.storage.HostFiles;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.FileLock;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.file.OpenFlag;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Optional;

/** Linux's locks of open files, and its holes, for the disk module. */
public final class LinuxHostFiles implements HostFiles {
  @Override
  public Optional<HostFile> open(Path path, boolean writable) {
    try {
      return Optional.of(
          new LinuxHostFile(
              OpenFile.open(path, 0, writable ? OpenFlag.READ_WRITE : OpenFlag.READ)));
    } catch (LinuxException _) {
      return Optional.empty();
    }
  }

  private record LinuxHostFile(OpenFile file) implements HostFile {
    @Override
    public void lockShared(long offset) {
      if (!FileLock.tryLockRange(file.fd(), offset, 1, true)) {
        throw new DiskException(
            DiskException.Kind.LOCKED, file + ": is locked by a program that shares with nobody");
      }
    }

    @Override
    public void unlock(long offset) {
      FileLock.unlockRange(file.fd(), offset, 1);
    }

    @Override
    public boolean lockedByOther(long offset) {
      return FileLock.lockedByOther(file.fd(), offset, 1);
    }

    @Override
    public long nextData(long offset, long limit) {
      return Math.min(limit, file.nextData(offset).orElse(limit));
    }

    @Override
    public long nextHole(long offset, long limit) {
      return Math.min(limit, file.nextHole(offset).orElse(limit));
    }

    @Override
    public boolean punchHole(long offset, long length) {
      try {
        file.punchHole(offset, length);
        return true;
      } catch (LinuxException _) {
        return false;
      }
    }

    @Override
    public boolean fill(long offset, ByteBuffer target) {
      try {
        int wanted = target.remaining();
        boolean whole = file.readFully(MemorySegment.ofBuffer(target), offset) == wanted;
        target.position(target.position() + (whole ? wanted : 0));
        return whole;
      } catch (LinuxException _) {
        return false;
      }
    }

    @Override
    public long space() {
      return file.status().allocated();
    }

    @Override
    public boolean allocate(long offset, long length) {
      try {
        file.allocate(offset, length);
        return true;
      } catch (LinuxException _) {
        return false;
      }
    }

    @Override
    public void close() {
      file.close();
    }
  }
}
