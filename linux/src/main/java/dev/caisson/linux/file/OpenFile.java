/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.file;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * The content and attributes of an open file. Offsets and lengths are bytes. Segments given here
 * are native: a heap segment is refused by the linker.
 */
public final class OpenFile implements AutoCloseable {
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int SEEK_DATA = 3;
  private static final int SEEK_HOLE = 4;
  private static final int FALLOC_FL_KEEP_SIZE = 1;
  private static final int FALLOC_FL_PUNCH_HOLE = 2;

  private final Fd fd;
  private final String label;

  private OpenFile(Fd fd, String label) {
    this.fd = fd;
    this.label = label;
  }

  /** Opens a file of the host. {@code permissions} count only with {@link OpenFlag#CREATE}. */
  public static OpenFile open(Path path, int permissions, OpenFlag... flags) {
    return new OpenFile(Directory.openFile(path, permissions, flags), path.toString());
  }

  /** Takes ownership of a descriptor. */
  public static OpenFile of(Fd fd) {
    return new OpenFile(fd, fd.toString());
  }

  public Fd fd() {
    return fd;
  }

  /** Reads at {@code offset}; answers how many bytes, 0 at the end of the file. pread(2) */
  public long read(MemorySegment target, long offset) {
    return transfer("pread", SystemCall.PREAD64, target, offset);
  }

  /** Writes at {@code offset}; answers how many bytes, which may be fewer than asked. pwrite(2) */
  public long write(MemorySegment source, long offset) {
    return transfer("pwrite", SystemCall.PWRITE64, source, offset);
  }

  /**
   * Fills {@code target} from {@code offset}.
   *
   * @return bytes read, fewer than the segment only where the file ends
   */
  public long readFully(MemorySegment target, long offset) {
    long done = read(target, offset); // nearly always all of it
    while (done < target.byteSize()) {
      long count = read(target.asSlice(done), offset + done);
      if (count == 0) {
        break;
      }
      done += count;
    }
    return done;
  }

  /** Writes all of {@code source} at {@code offset}. */
  public void writeFully(MemorySegment source, long offset) {
    long done = 0;
    while (done < source.byteSize()) {
      done += write(source.asSlice(done), offset + done);
    }
  }

  /** Sets the file's length: cuts it, or extends it with a hole. ftruncate(2) */
  public void truncate(long size) {
    Downcall.checked("ftruncate", label, SystemCall.FTRUNCATE, fd.number(), size);
  }

  /** Reserves disk space, extending the file where needed. fallocate(2) */
  public void allocate(long offset, long length) {
    Downcall.checked("fallocate", label, SystemCall.FALLOCATE, fd.number(), 0, offset, length);
  }

  /** Frees the range, which then reads as zeros; the length stays. fallocate(2) */
  public void punchHole(long offset, long length) {
    Downcall.checked(
        "fallocate",
        label,
        SystemCall.FALLOCATE,
        fd.number(),
        FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
        offset,
        length);
  }

  /** Where data begins at or after {@code offset}; empty when only a hole follows. lseek(2) */
  public OptionalLong nextData(long offset) {
    return seek(offset, SEEK_DATA);
  }

  /** Where a hole begins at or after {@code offset}; the file's end counts as one. lseek(2) */
  public OptionalLong nextHole(long offset) {
    return seek(offset, SEEK_HOLE);
  }

  /** Copies inside the kernel, sharing blocks where the file system can. copy_file_range(2) */
  public long copyTo(OpenFile target, long offset, long targetOffset, long length) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment from = scratch.allocateFrom(ValueLayout.JAVA_LONG, offset);
      MemorySegment to = scratch.allocateFrom(ValueLayout.JAVA_LONG, targetOffset);
      return Downcall.checked(
          "copy_file_range",
          label + " to " + target.label,
          SystemCall.COPY_FILE_RANGE,
          fd.number(),
          from.address(),
          target.fd.number(),
          to.address(),
          length,
          0);
    }
  }

  /** Data and attributes reach the disk before this returns. fsync(2) */
  public void sync() {
    Downcall.checked("fsync", label, SystemCall.FSYNC, fd.number());
  }

  /** Everything on the file system this file is on. syncfs(2) */
  public void syncFileSystem() {
    Downcall.checked("syncfs", label, SystemCall.SYNCFS, fd.number());
  }

  /** Kind, size, owner and times as they are now. statx(2) */
  public FileStatus status() {
    return FileStatus.read(fd.number(), "", AT_EMPTY_PATH, label);
  }

  /**
   * fchown(2); -1 leaves one of the two as it is. Clears set-user-id, so permissions come after.
   */
  public void changeOwner(long user, long group) {
    Downcall.checked(
        "fchown", label, SystemCall.FCHOWN, fd.number(), Owner.checked(user), Owner.checked(group));
  }

  /** fchmod(2), the 12 permission bits. */
  public void changePermissions(int permissions) {
    Downcall.checked("fchmod", label, SystemCall.FCHMOD, fd.number(), permissions);
  }

  /** futimens(3); {@code null} leaves one of the two as it is. */
  public void changeTimes(@Nullable FileTime accessed, @Nullable FileTime modified) {
    try (Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "utimensat",
          label,
          SystemCall.UTIMENSAT,
          fd.number(),
          0,
          TimePair.encode(scratch, accessed, modified).address(),
          0);
    }
  }

  @Override
  public void close() {
    fd.close();
  }

  @Override
  public String toString() {
    return label;
  }

  private long transfer(String call, long number, MemorySegment segment, long offset) {
    while (true) {
      long result = Downcall.attempt(number, fd.number(), segment, segment.byteSize(), offset);
      if (result >= 0) {
        return result;
      }
      Errno errno = Errno.of((int) -result);
      if (errno != Errno.EINTR) {
        throw new LinuxException(call, label, errno);
      }
    }
  }

  private OptionalLong seek(long offset, int whence) {
    long result = Downcall.attempt(SystemCall.LSEEK, fd.number(), offset, whence);
    if (result == -Errno.ENXIO.number()) {
      return OptionalLong.empty();
    }
    if (result < 0) {
      throw new LinuxException("lseek", label, Errno.of((int) -result));
    }
    return OptionalLong.of(result);
  }
}
