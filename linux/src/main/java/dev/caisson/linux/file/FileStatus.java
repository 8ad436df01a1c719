/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.file;

import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What an inode says of itself. statx(2), struct statx in include/uapi/linux/stat.h
 *
 * @param permissions the 12 low bits of the mode: rwx thrice, set-user-id, set-group-id, sticky
 * @param user owner, 0 to 4294967294
 * @param group owning group, 0 to 4294967294
 * @param size bytes
 * @param allocated bytes on disk; less than {@code size} for a sparse file
 * @param device the file system's device
 * @param node for a device node, which device it names
 * @param mountId the mount it was reached through, as in /proc/self/mountinfo
 */
public record FileStatus(
    FileType type,
    int permissions,
    long user,
    long group,
    long inode,
    long links,
    long size,
    long allocated,
    FileTime accessed,
    FileTime modified,
    FileTime changed,
    DeviceNumber device,
    DeviceNumber node,
    long mountId,
    boolean mountRoot) {

  private static final int SIZE = 256;
  private static final int BASIC_STATS_AND_MOUNT_ID = 0x7ff | 0x1000;
  private static final long ATTRIBUTE_MOUNT_ROOT = 0x2000;

  static FileStatus read(int directory, String name, int flags, Object subject) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment statx = scratch.allocate(SIZE, 8);
      Downcall.checked(
          "statx",
          subject,
          SystemCall.STATX,
          directory,
          scratch.string(name).address(),
          flags,
          BASIC_STATS_AND_MOUNT_ID,
          statx.address());
      return parse(statx);
    }
  }

  private static FileStatus parse(MemorySegment statx) {
    int mode = Short.toUnsignedInt(statx.get(ValueLayout.JAVA_SHORT, 28));
    return new FileStatus(
        FileType.ofMode(mode),
        mode & 07777,
        unsigned(statx, 20),
        unsigned(statx, 24),
        statx.get(ValueLayout.JAVA_LONG, 32),
        unsigned(statx, 16),
        statx.get(ValueLayout.JAVA_LONG, 40),
        statx.get(ValueLayout.JAVA_LONG, 48) * 512,
        time(statx, 64),
        time(statx, 112),
        time(statx, 96),
        device(statx, 136),
        device(statx, 128),
        statx.get(ValueLayout.JAVA_LONG, 144),
        (statx.get(ValueLayout.JAVA_LONG, 8) & ATTRIBUTE_MOUNT_ROOT) != 0);
  }

  private static long unsigned(MemorySegment statx, long offset) {
    return Integer.toUnsignedLong(statx.get(ValueLayout.JAVA_INT, offset));
  }

  private static FileTime time(MemorySegment statx, long offset) {
    return new FileTime(
        statx.get(ValueLayout.JAVA_LONG, offset), statx.get(ValueLayout.JAVA_INT, offset + 8));
  }

  private static DeviceNumber device(MemorySegment statx, long offset) {
    return new DeviceNumber(
        statx.get(ValueLayout.JAVA_INT, offset), statx.get(ValueLayout.JAVA_INT, offset + 4));
  }
}
