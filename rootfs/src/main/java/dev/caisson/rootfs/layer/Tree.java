/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import dev.caisson.linux.Errno;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.FileType;
import dev.caisson.linux.file.Resolution;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * The directories below a root of ours, opened by paths somebody else wrote.
 *
 * <p>Descriptors of the current path stay open, because archives come directory by directory: most
 * lookups cost no system call. Every step is taken below an open directory, and none follows a
 * link.
 */
final class Tree implements AutoCloseable {
  private static final Resolution[] STEP = {Resolution.BENEATH, Resolution.NO_SYMLINKS};
  private static final int MAX_LINKS = 40; // as the kernel, path_resolution(7)

  private final Directory root;
  private final boolean keepFiles;
  private final Deque<Open> path = new ArrayDeque<>();

  private record Open(String path, Directory directory) {}

  /**
   * Works below {@code root}, which stays the caller's to close.
   *
   * @param keepFiles refuse to replace a file by a directory that a path needs
   */
  Tree(Directory root, boolean keepFiles) {
    this.root = root;
    this.keepFiles = keepFiles;
  }

  /**
   * The directory at {@code path}, made with mode 0755 where it is missing.
   *
   * @param path relative, without ".." components
   */
  Directory directory(String path) {
    leave(path);
    if (path.isEmpty()) {
      return root;
    }
    int start = this.path.isEmpty() ? 0 : this.path.peekLast().path().length() + 1;
    while (start <= path.length()) {
      int slash = path.indexOf('/', start);
      int end = slash < 0 ? path.length() : slash;
      var next = step(path.substring(start, end));
      if (next.isEmpty()) {
        return directory(withoutLinks(path));
      }
      enter(path.substring(0, end), next.get());
      start = end + 1;
    }
    return current();
  }

  private Directory current() {
    return path.isEmpty() ? root : path.peekLast().directory();
  }

  // Closes what is not on the way to the new path.
  private void leave(String wanted) {
    while (!path.isEmpty() && !below(wanted, path.peekLast().path())) {
      path.removeLast().directory().close();
    }
  }

  private static boolean below(String wanted, String open) {
    return wanted.startsWith(open)
        && (wanted.length() == open.length() || wanted.charAt(open.length()) == '/');
  }

  private void enter(String name, Directory directory) {
    path.addLast(new Open(name, directory));
  }

  /** Opens or makes one directory; empty when the name is a link or some other file. */
  private Optional<Directory> step(String name) {
    while (true) {
      try {
        return Optional.of(current().resolve(name, STEP));
      } catch (LinuxException e) {
        switch (e.errno()) {
          case ENOENT -> make(name);
          case ELOOP -> {
            return Optional.empty();
          }
          case ENOTDIR -> {
            if (current().status(name).type() == FileType.SYMBOLIC_LINK) {
              return Optional.empty();
            }
            if (keepFiles) {
              throw e;
            }
            current().remove(name); // the archive put a file where it now wants a directory
          }
          default -> throw e;
        }
      }
    }
  }

  private void make(String name) {
    try {
      current().makeDirectory(name, 0755);
      current().changePermissions(name, 0755);
    } catch (LinuxException e) {
      if (!e.is(Errno.EEXIST)) {
        throw e;
      }
    }
  }

  // Rare: the archive made a link and goes on through it. Each link is replaced by what it says,
  // with
  // the root as "/" and as the end of "..", until only directories are left to walk.
  private String withoutLinks(String wanted) {
    Deque<String> todo = new ArrayDeque<>(List.of(wanted.split("/")));
    var real = new ArrayList<String>();
    int links = 0;
    while (!todo.isEmpty()) {
      var name = todo.removeFirst();
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      if (name.equals("..")) {
        if (!real.isEmpty()) {
          real.removeLast();
        }
        continue;
      }
      var target = linkTarget(String.join("/", real), name);
      if (target.isEmpty()) {
        real.add(name);
        continue;
      }
      if (++links > MAX_LINKS) {
        throw new LinuxException("openat2", wanted, Errno.ELOOP);
      }
      if (target.get().startsWith("/")) {
        real.clear();
      }
      List.of(target.get().split("/")).reversed().forEach(todo::addFirst);
    }
    return String.join("/", real);
  }

  private Optional<String> linkTarget(String parent, String name) {
    var directory = directory(parent);
    try {
      return directory.status(name).type() == FileType.SYMBOLIC_LINK
          ? Optional.of(directory.readLink(name))
          : Optional.empty();
    } catch (LinuxException e) {
      if (e.is(Errno.ENOENT)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  @Override
  public void close() {
    path.forEach(open -> open.directory().close());
    path.clear();
  }
}
