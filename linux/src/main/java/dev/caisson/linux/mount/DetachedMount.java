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
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Set;

/** A mount, or a tree of them, that no path leads to until it is attached. Closing it unmounts. */
public final class DetachedMount implements AutoCloseable {
  private static final int AT_FDCWD = -100;
  private static final int AT_EMPTY_PATH = 0x1000;
  private static final int AT_RECURSIVE = 0x8000;
  private static final int AT_SYMLINK_NOFOLLOW = 0x100;
  private static final int OPEN_TREE_CLONE = 1;
  private static final int OPEN_TREE_CLOEXEC = 0x80000;
  private static final int MOVE_MOUNT_F_EMPTY_PATH = 0x4;
  private static final int MOVE_MOUNT_T_EMPTY_PATH = 0x40;

  private final Fd fd;
  private final String label;

  private DetachedMount(Fd fd, String label) {
    this.fd = fd;
    this.label = label;
  }

  static DetachedMount of(Fd fd, String label) {
    return new DetachedMount(fd, label);
  }

  /** A bind mount of {@code source} (and all below it), not attached yet. open_tree(2) */
  public static DetachedMount clone(Path source, boolean recursive) {
    try (Scratch scratch = Scratch.open()) {
      return clone(AT_FDCWD, scratch.string(source), source, recursive, AT_SYMLINK_NOFOLLOW);
    }
  }

  /** As {@link #clone(Path, boolean)}, of an open file or directory. */
  public static DetachedMount clone(Fd source, boolean recursive) {
    try (Scratch scratch = Scratch.open()) {
      return clone(source.number(), scratch.string(""), source, recursive, AT_EMPTY_PATH);
    }
  }

  public Fd fd() {
    return fd;
  }

  /**
   * Changes the properties of this mount, or of the whole tree. mount_setattr(2)
   *
   * @param userNamespace needed with {@link MountAttribute#ID_MAPPED}, otherwise ignored
   */
  public void change(
      Set<MountAttribute> set,
      Set<MountAttribute> clear,
      Propagation propagation,
      boolean recursive,
      Fd... userNamespace) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment attributes = scratch.allocate(32, 8); // struct mount_attr
      attributes.set(ValueLayout.JAVA_LONG, 0, MountAttribute.bits(set));
      attributes.set(ValueLayout.JAVA_LONG, 8, MountAttribute.bits(clear));
      attributes.set(ValueLayout.JAVA_LONG, 16, propagation.bits);
      attributes.set(
          ValueLayout.JAVA_LONG, 24, userNamespace.length == 0 ? 0 : userNamespace[0].number());
      Downcall.checked(
          "mount_setattr",
          label,
          SystemCall.MOUNT_SETATTR,
          fd.number(),
          scratch.string("").address(),
          AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0),
          attributes.address(),
          attributes.byteSize());
    }
  }

  /** Attaches to an open directory (or file, for a file's bind), which cannot be swapped. */
  public void attach(Fd target) {
    try (Scratch scratch = Scratch.open()) {
      move(
          target.number(),
          scratch.string(""),
          target,
          MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
    }
  }

  /** Attaches at a path of the host. move_mount(2) */
  public void attach(Path target) {
    try (Scratch scratch = Scratch.open()) {
      move(AT_FDCWD, scratch.string(target), target, MOVE_MOUNT_F_EMPTY_PATH);
    }
  }

  @Override
  public void close() {
    fd.close();
  }

  private static DetachedMount clone(
      int directory, MemorySegment name, Object source, boolean recursive, int flags) {
    int all = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags | (recursive ? AT_RECURSIVE : 0);
    long fd =
        Downcall.checked("open_tree", source, SystemCall.OPEN_TREE, directory, name.address(), all);
    return new DetachedMount(Fd.adopt(fd), source.toString());
  }

  private void move(int directory, MemorySegment name, Object target, int flags) {
    try (Scratch scratch = Scratch.open()) {
      Downcall.checked(
          "move_mount",
          label + " to " + target,
          SystemCall.MOVE_MOUNT,
          fd.number(),
          scratch.string("").address(),
          directory,
          name.address(),
          flags);
    }
  }
}
