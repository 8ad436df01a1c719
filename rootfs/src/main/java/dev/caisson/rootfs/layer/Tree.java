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
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The directories below a root of ours, opened by paths somebody else wrote.
 *
 * <p>Descriptors of the current path stay open, because archives come directory by directory: most
 * lookups cost no system call. Every step is taken below an open directory without following links;
 * where a component is a link, openat2 walks the whole path with the root as "/".
 */
final class Tree implements AutoCloseable {
  private static final Resolution[] STEP = {Resolution.BENEATH, Resolution.NO_SYMLINKS};
  private static final int MAX_OPEN = 64;

  private final Directory root;
  private final Deque<Open> path = new ArrayDeque<>();
  private final Map<String, Directory> elsewhere = new HashMap<>();

  private record Open(String path, Directory directory) {}

  /** Works below {@code root}, which stays the caller's to close. */
  Tree(Directory root) {
    this.root = root;
  }

  Directory root() {
    return root;
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
        return throughLinks(path);
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

  // Rare: the layer made a link and goes on through it. The kernel keeps the walk inside the root.
  private Directory throughLinks(String wanted) {
    if (elsewhere.size() >= MAX_OPEN) {
      closeElsewhere();
    }
    return elsewhere.computeIfAbsent(wanted, p -> root.resolve(p, Resolution.IN_ROOT));
  }

  /** Forgets open directories at and below {@code path}, because it is about to be removed. */
  void forget(String removed) {
    while (!path.isEmpty() && below(path.peekLast().path(), removed)) {
      path.removeLast().directory().close();
    }
    closeElsewhere();
  }

  private void closeElsewhere() {
    elsewhere.values().forEach(Directory::close);
    elsewhere.clear();
  }

  @Override
  public void close() {
    path.forEach(open -> open.directory().close());
    path.clear();
    closeElsewhere();
  }
}
