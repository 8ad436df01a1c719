/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.view;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;

/**
 * A container that was kept as it ran.
 *
 * @param container id of the one that was kept, which need not exist any more
 * @param containerName its name at that time
 * @param image as it was named
 * @param volumes targets of anonymous volumes that were kept with it
 * @param kernel release of the host's kernel
 * @param size bytes on disk; blocks that files share count for each of them
 */
public record SnapshotInfo(
    String name,
    Instant created,
    String container,
    String containerName,
    String image,
    String imageId,
    String isolation,
    List<String> volumes,
    String kernel,
    Path directory,
    long size) {
  public SnapshotInfo {
    volumes = List.copyOf(volumes);
  }
}
