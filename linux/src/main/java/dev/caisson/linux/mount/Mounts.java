/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.mount;

import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SystemCall;
import java.nio.file.Path;

/**
 * Mounts named by path. A path somebody else can change while it is walked belongs in {@link
 * DetachedMount}, which attaches to an open directory, or is given as {@code fd.path()}.
 */
public final class Mounts {
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

  private static void unmount(Path target, int flags) {
    try (Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "umount2", target, SystemCall.UMOUNT2, scratch.string(target).address(), flags);
    }
  }
}
