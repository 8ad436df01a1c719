/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.spec;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Files besides the image's.
 *
 * @param mounts binds, volumes and tmpfs
 * @param anonymousVolumes paths that get a volume of their own, besides those of the image
 * @param volumesFrom {@code NAME[:ro|rw]} of containers whose volumes to share
 * @param shmSize bytes of /dev/shm; 0 for 64 MiB
 * @param options as {@code size=10G} for the writable layer
 * @param written how the mounts were put in the short forms of an API, for showing them again
 */
public record StorageSpec(
    List<MountSpec> mounts,
    List<String> anonymousVolumes,
    List<String> volumesFrom,
    Optional<String> volumeDriver,
    boolean readOnlyRoot,
    long shmSize,
    Map<String, String> options,
    Optional<Written> written) {
  public StorageSpec {
    mounts = List.copyOf(mounts);
    anonymousVolumes = List.copyOf(anonymousVolumes);
    volumesFrom = List.copyOf(volumesFrom);
    options = Map.copyOf(options);
  }

  public static StorageSpec none() {
    return of(List.of());
  }

  public static StorageSpec of(List<MountSpec> mounts) {
    return new StorageSpec(
        mounts, List.of(), List.of(), Optional.empty(), false, 0, Map.of(), Optional.empty());
  }

  /**
   * Mounts in their short forms, word for word. {@code mounts} begins with those of {@code binds}
   * and ends with those of {@code tmpfs}.
   *
   * @param binds {@code SOURCE:TARGET[:OPTIONS]}
   * @param tmpfs options by target
   */
  public record Written(List<String> binds, Map<String, String> tmpfs) {
    public Written {
      binds = List.copyOf(binds);
      tmpfs = Map.copyOf(tmpfs);
    }
  }
}
