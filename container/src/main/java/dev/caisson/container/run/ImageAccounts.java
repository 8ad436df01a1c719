/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.layer.MergedTree;
import dev.caisson.rootfs.layer.OverlayMarks;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.user.Accounts;
import dev.caisson.sandbox.workload.RootFilesystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Users and groups of root file systems. Layers never change, so what they say is remembered; a
 * container that wrote to its own /etc is read anew.
 */
final class ImageAccounts {
  private static final int MOST_REMEMBERED = 256;

  private final Map<List<RootFilesystem.Layer>, Accounts> remembered =
      new LinkedHashMap<>() {
        private static final long serialVersionUID = 1;

        @Override
        protected boolean removeEldestEntry(Map.Entry<List<RootFilesystem.Layer>, Accounts> e) {
          return size() > MOST_REMEMBERED;
        }
      };

  /** The accounts of a root file system whose changes, if it has layers, are in a directory. */
  Accounts of(RootFilesystem root, Path upper, OverlayMarks marks) {
    return switch (root) {
      case RootFilesystem.Layers layers ->
          Files.exists(upper.resolve("etc"))
              ? changed(layers, upper, marks)
              : pristine(layers, marks);
      case RootFilesystem.Directory directory -> read(List.of(directory.path()), marks);
      case RootFilesystem.DiskImage _ -> Accounts.NONE;
    };
  }

  private Accounts pristine(RootFilesystem.Layers root, OverlayMarks marks) {
    synchronized (remembered) {
      Accounts known = remembered.get(root.layers());
      if (known == null) {
        known = read(directories(root), marks);
        remembered.put(root.layers(), known);
      }
      return known;
    }
  }

  private static Accounts changed(RootFilesystem.Layers root, Path upper, OverlayMarks marks) {
    var all = new ArrayList<Path>();
    all.add(upper);
    all.addAll(directories(root));
    return read(all, marks);
  }

  private static List<Path> directories(RootFilesystem.Layers root) {
    return root.layers().stream().map(RootFilesystem.Layer::directory).toList();
  }

  private static Accounts read(List<Path> layers, OverlayMarks marks) {
    try (MergedTree tree = new MergedTree(layers, marks)) {
      return Accounts.parse(
          tree.read("/etc/passwd", Accounts.LARGEST_FILE).orElse(new byte[0]),
          tree.read("/etc/group", Accounts.LARGEST_FILE).orElse(new byte[0]));
    } catch (RootfsException e) {
      throw new SandboxException(
          SandboxException.Kind.INVALID, "users of this image: " + e.getMessage(), e);
    }
  }
}
