/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Building and switching the tree the workload sees.
 *
 * <p>A <em>target</em> is a path inside the new root. It is resolved with that root as the limit
 * (openat2 RESOLVE_IN_ROOT) and mounts are moved onto the descriptor found, so a link or a rename
 * in an image cannot lead a mount outside. Missing targets are created.
 */
public sealed interface MountAction extends Action {

  /** Changes how mounts below an absolute path of the acting process propagate. mount(2) */
  record SetPropagation(String path, Propagation propagation, boolean recursive)
      implements MountAction {}

  /**
   * Mounts an overlay and makes it the new root.
   *
   * @param lower layer directories, topmost first; any number of them whatever their paths' length
   * @param upper where changes go; absent for a read-only view
   * @param work same file system as upper
   * @param options more overlay options, such as {@code userxattr} or {@code volatile}
   * @param target an existing directory outside, to attach the root to before the switch
   */
  record MountOverlay(
      List<String> lower,
      Optional<String> upper,
      Optional<String> work,
      List<String> options,
      Set<MountAttribute> attributes,
      String target)
      implements MountAction {
    public MountOverlay {
      lower = List.copyOf(lower);
      options = List.copyOf(options);
      attributes = Set.copyOf(attributes);
      if (lower.isEmpty()) {
        throw new LaunchException(
            LaunchException.Kind.INVALID_PLAN, "an overlay needs a lower layer");
      }
      if (upper.isPresent() != work.isPresent()) {
        throw new LaunchException(
            LaunchException.Kind.INVALID_PLAN,
            "an overlay's upper and work directories go together");
      }
    }
  }

  /**
   * Makes an existing directory the new root, as a mount of its own.
   *
   * @param target an existing directory outside to attach it to; often the source itself
   */
  record BindRoot(Handle source, boolean recursive, String target) implements MountAction {}

  /** Treats an absolute path of the acting process as the root for targets, mounting nothing. */
  record UseRoot(String path) implements MountAction {}

  /**
   * Mounts a fresh file system, such as proc, tmpfs, sysfs, devpts, mqueue or cgroup2.
   *
   * @param options {@code key} or {@code key=value}, each value below 256 bytes; {@code ro} makes
   *     the file system itself read-only
   * @param target absolute path inside the root
   */
  record Mount(
      String type,
      String source,
      List<String> options,
      Set<MountAttribute> attributes,
      Propagation propagation,
      String target)
      implements MountAction {
    public Mount {
      options = List.copyOf(options);
      attributes = Set.copyOf(attributes);
    }
  }

  /**
   * Mounts a file or directory of the outside. open_tree(2), mount_setattr(2)
   *
   * @param recursive with what is mounted below it
   * @param attributes set on the top mount
   * @param cleared attributes taken away from the top mount, when the source has them
   * @param recursiveAttributes set on all of its mounts
   * @param idMapping user namespace whose id map translates owners; Linux 5.12
   */
  record Bind(
      Handle source,
      boolean recursive,
      Set<MountAttribute> attributes,
      Set<MountAttribute> cleared,
      Set<MountAttribute> recursiveAttributes,
      Propagation propagation,
      Optional<Handle> idMapping,
      String target)
      implements MountAction {
    public Bind {
      attributes = Set.copyOf(attributes);
      cleared = Set.copyOf(cleared);
      recursiveAttributes = Set.copyOf(recursiveAttributes);
    }
  }

  /**
   * Changes attributes of a mount inside the root; {@code "/"} for a read-only root.
   * mount_setattr(2)
   */
  record SetAttributes(
      String target, Set<MountAttribute> set, Set<MountAttribute> cleared, boolean recursive)
      implements MountAction {
    public SetAttributes {
      set = Set.copyOf(set);
      cleared = Set.copyOf(cleared);
    }
  }

  /**
   * Hides paths: files behind /dev/null, directories behind an empty read-only tmpfs. Missing ones
   * are left.
   */
  record Mask(List<String> targets) implements MountAction {
    public Mask {
      targets = List.copyOf(targets);
    }
  }

  /** Makes paths, with all mounted below them, read-only. Missing ones are left. */
  record Freeze(List<String> targets) implements MountAction {
    public Freeze {
      targets = List.copyOf(targets);
    }
  }

  /** Makes the new root {@code /} and lets go of the old tree. pivot_root(2) */
  record PivotRoot() implements MountAction {}

  /**
   * As {@link PivotRoot}, where the old root is an initial RAM disk that cannot be pivoted away.
   */
  record MoveRoot() implements MountAction {}

  /**
   * Enters a mount namespace of its own with an empty root, for mounts to be built ahead of need by
   * the steps up to {@link KeepTrees}. Their mount points are made as in any root. What is bound in
   * it is named as the host sees it.
   */
  record BuildTrees() implements MountAction {}

  /**
   * Keeps what was built at these paths, with all mounted below, and lets go of the host's mounts:
   * from here on the process sees none of them, unless {@link NamespaceAction.TakeParked} makes it
   * a mount namespace, which is a copy of the host's.
   *
   * @param paths at most four; their positions are the numbers {@link PlaceTree} asks for
   */
  record KeepTrees(List<String> paths) implements MountAction {
    public static final int MOST = 4;

    public KeepTrees {
      paths = List.copyOf(paths);
      if (paths.size() > MOST) {
        throw new LaunchException(
            LaunchException.Kind.INVALID_PLAN,
            paths.size() + " trees to keep; at most " + MOST + " can be");
      }
    }
  }

  /**
   * Attaches a kept tree inside the root. Each can be placed once.
   *
   * @param number its position in {@link KeepTrees}
   */
  record PlaceTree(int number, String target) implements MountAction {}

  /**
   * Makes a detached mount, which was handed over open, the new root. fsmount(2), move_mount(2)
   *
   * @param target an existing directory outside to attach it to; {@code "/"} puts it on top of a
   *     root without any of the host's mounts, which {@link EnterRoot} then leaves
   */
  record AttachRoot(Handle mount, String target) implements MountAction {}

  /** Attaches a detached mount, which was handed over open, inside the root. open_tree(2) */
  record PlaceMount(Handle mount, String target) implements MountAction {}

  /** As {@link PivotRoot}, where nothing of the host is mounted below the new root. chroot(2) */
  record EnterRoot() implements MountAction {}
}
