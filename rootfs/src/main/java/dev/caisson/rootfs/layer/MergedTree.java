/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.FileStatus;
import dev.caisson.linux.file.FileType;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.file.Resolution;
import dev.caisson.rootfs.RootfsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * The files of stacked layers as an overlay would show them, read without mounting one.
 *
 * <p>What lies in the layers is not trusted: every component is opened below its layer without
 * following links, and links are followed here, inside the tree.
 * Documentation/filesystems/overlayfs
 */
public final class MergedTree implements AutoCloseable {
  private static final int MOST_LINKS = 40; // MAXSYMLINKS
  private static final Resolution[] STRICT = {Resolution.BENEATH, Resolution.NO_SYMLINKS};

  private final List<Directory> layers = new ArrayList<>();
  private final OverlayMarks marks;

  /**
   * @param layers the topmost first; those that do not exist are left out
   */
  public MergedTree(List<Path> layers, OverlayMarks marks) {
    this.marks = marks;
    for (Path layer : layers) {
      if (Files.isDirectory(layer)) {
        this.layers.add(Directory.open(layer));
      }
    }
  }

  /**
   * The content of a regular file, empty where there is none.
   *
   * @param path absolute, as a process inside would write it
   * @param limit bytes beyond which it is refused
   * @throws RootfsException INVALID if it is no regular file, too large, or behind too many links
   */
  public Optional<byte[]> read(String path, int limit) {
    Optional<Place> place = find(path);
    if (place.isEmpty()) {
      return Optional.empty();
    }
    Place at = place.get();
    if (at.type != FileType.REGULAR) {
      throw invalid(path, "is no regular file in this image");
    }
    try (OpenFile file = OpenFile.of(at.layer.openFile(at.path, STRICT, 0, OpenFlag.READ))) {
      long size = file.status().size();
      if (size > limit) {
        throw invalid(path, "is larger than the " + limit + " bytes allowed");
      }
      return Optional.of(Files.readAllBytes(file.fd().path()));
    } catch (java.io.IOException failed) {
      throw new RootfsException(RootfsException.Kind.IO, "read " + path, failed);
    }
  }

  private static RootfsException invalid(String path, String reason) {
    return new RootfsException(RootfsException.Kind.INVALID, path + " " + reason);
  }

  private record Place(Directory layer, String path, FileType type) {}

  /** Walks a path through links and layers. */
  private Optional<Place> find(String path) {
    Deque<String> left = new ArrayDeque<>(List.of(path.split("/")));
    Deque<String> walked = new ArrayDeque<>();
    int links = 0;
    Optional<Place> last = Optional.empty();
    while (!left.isEmpty()) {
      String name = left.pop();
      if (name.isEmpty() || name.equals(".")) {
        continue;
      }
      if (name.equals("..")) {
        walked.pollLast();
        continue;
      }
      walked.addLast(name);
      last = lookUp(List.copyOf(walked));
      if (last.isEmpty()) {
        return last;
      }
      if (last.get().type == FileType.SYMBOLIC_LINK) {
        if (++links > MOST_LINKS) {
          throw invalid(path, "leads through more than " + MOST_LINKS + " links");
        }
        String target = readLink(last.get());
        walked.pollLast();
        if (target.startsWith("/")) {
          walked.clear();
        }
        List.of(target.split("/")).reversed().forEach(left::push);
      }
    }
    return last;
  }

  /** What stands at a path whose parents are no links, in the topmost layer that says. */
  private Optional<Place> lookUp(List<String> names) {
    String path = String.join("/", names);
    for (Directory layer : layers) {
      Optional<FileStatus> status = status(layer, path);
      if (status.isPresent()) {
        return OverlayMarks.hides(status.get())
            ? Optional.empty()
            : Optional.of(new Place(layer, path, status.get().type()));
      }
      if (coversLower(layer, names)) {
        return Optional.empty();
      }
    }
    return Optional.empty();
  }

  /**
   * Whether a parent in this layer is opaque, removed or no directory, so that no lower one counts.
   */
  private boolean coversLower(Directory layer, List<String> names) {
    for (int depth = 1; depth < names.size(); depth++) {
      String parent = String.join("/", names.subList(0, depth));
      Optional<FileStatus> status = status(layer, parent);
      if (status.isEmpty()) {
        return false;
      }
      if (status.get().type() != FileType.DIRECTORY) {
        return true;
      }
      try (Directory directory = layer.resolve(parent, STRICT)) {
        if (marks.isOpaque(directory.fd())) {
          return true;
        }
      }
    }
    return false;
  }

  private static Optional<FileStatus> status(Directory layer, String path) {
    try (Fd file = layer.locateNoFollow(path, STRICT)) {
      return Optional.of(OpenFile.of(file).status());
    } catch (LinuxException absent) {
      if (absent.is(Errno.ENOENT) || absent.is(Errno.ENOTDIR) || absent.is(Errno.ELOOP)) {
        return Optional.empty();
      }
      throw absent;
    }
  }

  private static String readLink(Place link) {
    int slash = link.path.lastIndexOf('/');
    if (slash < 0) {
      return link.layer.readLink(link.path);
    }
    try (Directory parent = link.layer.resolve(link.path.substring(0, slash), STRICT)) {
      return parent.readLink(link.path.substring(slash + 1));
    }
  }

  @Override
  public void close() {
    layers.forEach(Directory::close);
  }
}
