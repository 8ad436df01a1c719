/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import dev.caisson.image.layer.Compression;
import dev.caisson.image.layer.LayerLimits;
import dev.caisson.image.layer.LayerReader;
import dev.caisson.image.layer.LayerWriter;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.FileStatus;
import dev.caisson.linux.file.Resolution;
import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.RootfsException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/**
 * Copies files into and out of a root file system as tar streams: what {@code cp}, {@code export}
 * and the archive endpoints do.
 *
 * <p>Every path is walked by the kernel with {@code root} as "/", so that no link, also none
 * swapped in meanwhile by the workload, leads outside.
 */
public final class ArchiveCopy {
  private ArchiveCopy() {}

  /** What is at {@code path}; a link as the last component is not followed. */
  public static FileStatus status(Directory root, String path) {
    try (var place = Place.of(root, path)) {
      return place.status();
    } catch (LinuxException e) {
      throw refused(path, e);
    }
  }

  /** Where the link at {@code path} leads. */
  public static String linkTarget(Directory root, String path) {
    try (var place = Place.of(root, path)) {
      return place.parent.readLink(place.name);
    } catch (LinuxException e) {
      throw refused(path, e);
    }
  }

  /** Writes the file or tree at {@code path} as tar, named by the path's last component. */
  public static void out(Directory root, String path, OutputStream tar) throws IOException {
    try (var place = Place.of(root, path);
        var writer = new LayerWriter(tar)) {
      if (place.name.isEmpty()) {
        TreeArchive.of(place.parent, writer);
      } else {
        TreeArchive.ofEntry(place.parent, place.name, writer);
      }
    } catch (LinuxException e) {
      throw refused(path, e);
    }
  }

  /**
   * Unpacks a tar stream, in any compression, into the directory at {@code path}, following links
   * to it.
   *
   * @param keepKind refuse to replace a directory by something else, or the other way round
   */
  public static void in(
      Directory root,
      String path,
      InputStream tar,
      boolean keepKind,
      Ownership ownership,
      LayerLimits limits)
      throws IOException {
    try (var target = root.resolve(absolute(path), Resolution.IN_ROOT);
        var unpacker = Unpacker.ofArchive(target, keepKind, ownership)) {
      unpacker.unpack(LayerReader.ofArchive(Compression.unpack(tar), limits));
    } catch (LinuxException e) {
      throw refused(path, e);
    }
  }

  private static RootfsException refused(String path, LinuxException e) {
    return switch (e.errno()) {
      case ENOENT -> new RootfsException(Kind.NOT_FOUND, "no such file or directory: " + path, e);
      case ENOTDIR -> new RootfsException(Kind.INVALID, "not a directory: " + path, e);
      default -> RootfsException.of("copying " + path, e);
    };
  }

  private static String absolute(String path) {
    return path.startsWith("/") ? path : "/" + path;
  }

  /** An open directory and a name in it; no name for the root itself. */
  private record Place(Directory parent, String name) implements AutoCloseable {
    static Place of(Directory root, String path) {
      var trimmed = path.replaceAll("/+$", "");
      int slash = trimmed.lastIndexOf('/');
      var name = trimmed.substring(slash + 1);
      if (name.equals(".") || name.equals("..")) {
        // Meant is the directory itself, which has no name that could be swapped.
        return new Place(root.resolve(absolute(trimmed), Resolution.IN_ROOT), "");
      }
      var parent = absolute(slash < 0 ? "" : trimmed.substring(0, slash));
      return new Place(root.resolve(parent, Resolution.IN_ROOT), name);
    }

    FileStatus status() {
      return name.isEmpty() ? parent.status() : parent.status(name);
    }

    @Override
    public void close() {
      parent.close();
    }
  }
}
