/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.workload;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.StorageSpec;
import dev.caisson.engine.text.ByteSize;
import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Mounts;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

/** Turns settled mounts into those of a workload, outer targets first. */
final class MountCompiler {
  private MountCompiler() {}

  static Mounts compile(StorageSpec storage, List<MountPoint> points) {
    var mounts = new ArrayList<Mount>();
    for (var point : points) {
      mounts.add(mount(point));
    }
    mounts.sort(Comparator.comparingLong(mount -> depth(mount.target())));
    long shared = storage.shmSize() > 0 ? storage.shmSize() : Mounts.NONE.sharedMemory();
    return new Mounts(mounts, shared);
  }

  private static long depth(String target) {
    return target.chars().filter(c -> c == '/').count();
  }

  private static Mount mount(MountPoint point) {
    return switch (point.spec()) {
      case MountSpec.Bind bind ->
          new Mount.Bind(
              point.source(),
              bind.target(),
              bind.readOnly(),
              !bind.nonRecursive(),
              false,
              propagation(bind.propagation()));
      case MountSpec.Volume volume ->
          new Mount.Volume(
              volume.name(),
              point.source(),
              volume.subpath(),
              volume.target(),
              volume.readOnly(),
              !volume.noCopy());
      case MountSpec.Tmpfs tmpfs -> tmpfs(tmpfs);
      case MountSpec.Image image ->
          new Mount.Bind(
              point.source(),
              image.target(),
              true,
              false,
              false,
              Mount.Propagation.RECURSIVE_PRIVATE);
    };
  }

  private static Mount.Tmpfs tmpfs(MountSpec.Tmpfs tmpfs) {
    long size = tmpfs.size().orElse(0);
    var mode = tmpfs.mode();
    boolean readOnly = tmpfs.readOnly();
    boolean executable = false;
    for (var option : tmpfs.options().split(",", -1)) {
      switch (option) {
        case "", "rw", "noexec", "nosuid", "nodev" -> {}
        case "ro" -> readOnly = true;
        case "exec" -> executable = true;
        default -> {
          if (option.startsWith("size=")) {
            size = bytes(option.substring(5));
          } else if (option.startsWith("mode=")) {
            mode = OptionalInt.of(octal(option.substring(5)));
          } else {
            throw EngineException.invalid(
                "invalid tmpfs option '" + option + "'", "use size=, mode=, ro, rw, exec, noexec");
          }
        }
      }
    }
    return new Mount.Tmpfs(tmpfs.target(), size, mode, readOnly, executable);
  }

  private static int octal(String digits) {
    try {
      return Integer.parseInt(digits, 8);
    } catch (NumberFormatException e) {
      throw EngineException.invalid("invalid tmpfs mode '" + digits + "'", "write it as 1777");
    }
  }

  private static long bytes(String text) {
    return ByteSize.parse(text);
  }

  private static Mount.Propagation propagation(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "", "rprivate" -> Mount.Propagation.RECURSIVE_PRIVATE;
      case "private" -> Mount.Propagation.PRIVATE;
      case "shared" -> Mount.Propagation.SHARED;
      case "rshared" -> Mount.Propagation.RECURSIVE_SHARED;
      case "slave" -> Mount.Propagation.SLAVE;
      case "rslave" -> Mount.Propagation.RECURSIVE_SLAVE;
      default ->
          throw EngineException.invalid(
              "invalid propagation mode: " + text,
              "use private, rprivate, shared, rshared, slave or rslave");
    };
  }
}
