/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.container;

import dev.caisson.engine.Containers;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.view.PathStat;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A path in a container, as source or target of a copy. Links are followed as docker follows them:
 * in its last name.
 */
record ContainerPath(Containers containers, String container, String path) {
  private static final int MOST_LINKS = 40; // as the kernel, path_resolution(7)

  /** The directory to unpack in, and the name of what is unpacked there. */
  record Place(String directory, String name) {}

  PathStat stat() {
    return containers.stat(container, path);
  }

  static boolean isDirectory(PathStat stat) {
    return (stat.mode() & 0170000) == 0040000;
  }

  /**
   * Where it leads.
   *
   * @throws EngineException NOT_FOUND where that is nothing; INVALID for a loop
   */
  ContainerPath followed() {
    var at = this;
    for (int i = 0; i < MOST_LINKS; i++) {
      var stat = at.stat();
      if (stat.linkTarget().isEmpty()) {
        return at;
      }
      at = at.behind(stat);
    }
    throw EngineException.invalid(path + " leads in a circle", "name what is meant itself");
  }

  private ContainerPath behind(PathStat link) {
    var target = Path.of(path).resolveSibling(link.linkTarget()).normalize();
    return new ContainerPath(containers, container, target.toString());
  }

  /**
   * Where a file or directory goes that is copied to here.
   *
   * @param name its own; a dot for what is in it
   * @param mustBeDirectory whether this was written as the name of a directory
   * @throws EngineException NOT_FOUND or INVALID where the one does not fit the other
   */
  Place placeFor(String name, boolean folder, boolean mustBeDirectory) {
    var found = here();
    var end = found.filter(stat -> !stat.linkTarget().isEmpty()).map(this::behind).orElse(this);
    if (!end.equals(this)) {
      found = end.here();
    }
    if (found.filter(ContainerPath::isDirectory).isPresent()) {
      return new Place(end.path, name);
    }
    if (found.isPresent() && folder) {
      throw EngineException.invalid(
          "cannot copy a directory onto the file " + path,
          "remove that first, or name a directory");
    }
    if (mustBeDirectory && !folder) {
      throw EngineException.notFound("no such directory: " + path);
    }
    var inner = Path.of(end.path);
    var parent = inner.getParent();
    var own = inner.getFileName();
    return new Place(parent == null ? "/" : parent.toString(), own == null ? "." : own.toString());
  }

  private Optional<PathStat> here() {
    try {
      return Optional.of(stat());
    } catch (EngineException e) {
      if (e.kind() != EngineException.Kind.NOT_FOUND) {
        throw e;
      }
      return Optional.empty();
    }
  }
}
