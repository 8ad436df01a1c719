/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.mount;

import dev.caisson.linux.Fd;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Mounts named by path. A path somebody else can change while it is walked belongs in {@link
 * DetachedMount}, which attaches to an open directory, or is given as {@code fd.path()}.
 */
public final class Mounts {
  private static final int UMOUNT_FORCE = 1;
  private static final int MNT_DETACH = 2;
  private static final int UMOUNT_NOFOLLOW = 8;

  private Mounts() {}

  /** Mounts a file system of the given type; {@code options} are its own words. mount(2) */
  public static void mount(
      String source, Path target, String type, String options, MountFlag... flags) {
    try (Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "mount",
          type + " on " + target,
          SystemCall.MOUNT,
          scratch.string(source).address(),
          scratch.string(target).address(),
          scratch.string(type).address(),
          MountFlag.bits(flags),
          options.isEmpty() ? 0 : scratch.string(options).address());
    }
  }

  /** Makes {@code source} appear at {@code target} too. mount(2) MS_BIND, recursive or not */
  public static void bind(Path source, Path target, boolean recursive) {
    try (Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "mount",
          source + " on " + target,
          SystemCall.MOUNT,
          scratch.string(source).address(),
          scratch.string(target).address(),
          MemorySegment.NULL.address(),
          MountFlag.BIND.bits() | (recursive ? MountFlag.RECURSIVE.bits() : 0));
    }
  }

  /** Changes flags or propagation of what is mounted at {@code target}. mount(2) */
  public static void change(Path target, MountFlag... flags) {
    try (Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "mount",
          target,
          SystemCall.MOUNT,
          0,
          scratch.string(target).address(),
          0,
          MountFlag.bits(flags));
    }
  }

  /** Unmounts now or fails with EBUSY; a link as last component is not followed. umount2(2) */
  public static void unmount(Path target) {
    unmount(target, UMOUNT_NOFOLLOW);
  }

  /** Detaches {@code target} now; the kernel frees it after its last user. umount2(2) */
  public static void detach(Path target) {
    unmount(target, MNT_DETACH | UMOUNT_NOFOLLOW);
  }

  /** Unmounts a network or FUSE file system whose server no longer answers. umount2(2) */
  public static void force(Path target) {
    unmount(target, UMOUNT_FORCE | UMOUNT_NOFOLLOW);
  }

  /** As {@link #detach}, for what an open directory is the root of. */
  public static void detach(Fd mounted) {
    try (Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "umount2",
          mounted,
          SystemCall.UMOUNT2,
          scratch.string(mounted.path()).address(),
          MNT_DETACH);
    }
  }

  private static void unmount(Path target, int flags) {
    try (Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "umount2", target, SystemCall.UMOUNT2, scratch.string(target).address(), flags);
    }
  }
}
