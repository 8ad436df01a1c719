/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.file;

import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/**
 * Directories that have nothing to do with each other, though they are made in the same one. ext4
 * puts them far apart when told, instead of side by side. chattr(1) "T"
 */
public final class Unrelated {
  private static final long GET_FLAGS = 0x80086601L; // FS_IOC_GETFLAGS. linux/fs.h
  private static final long SET_FLAGS = 0x40086602L;
  private static final int TOP_OF_HIERARCHIES = 0x20000; // FS_TOPDIR_FL

  private Unrelated() {}

  /**
   * Says so of all directories that will be made in this one.
   *
   * @return false if its file system takes no such hint, or the directory is not ours
   */
  public static boolean below(Path directory) {
    try (Fd fd = Directory.openFile(directory, 0, OpenFlag.READ, OpenFlag.DIRECTORY);
        Scratch scratch = Scratch.open()) {
      MemorySegment flags = scratch.allocate(8, 8); // the kernel moves 4 bytes, its numbers say 8
      if (Downcall.attempt(SystemCall.IOCTL, fd.number(), GET_FLAGS, flags.address()) < 0) {
        return false;
      }
      int before = flags.get(ValueLayout.JAVA_INT, 0);
      flags.set(ValueLayout.JAVA_INT, 0, before | TOP_OF_HIERARCHIES);
      return Downcall.attempt(SystemCall.IOCTL, fd.number(), SET_FLAGS, flags.address()) >= 0;
    } catch (LinuxException gone) {
      return false;
    }
  }
}
