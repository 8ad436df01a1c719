/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.snapshot;

import dev.caisson.engine.view.SnapshotInfo;
import dev.caisson.engine.workload.Definition;
import dev.caisson.engine.workload.MountPoint;
import java.nio.file.Path;
import java.time.Instant;

/**
 * What is written down beside a kept container.
 *
 * @param version of this form
 * @param kernel release of the host's kernel
 * @param size bytes on disk
 */
public record SnapshotRecord(
    int version, String name, Instant created, Definition container, String kernel, long size) {
  static final int VERSION = 1;

  SnapshotInfo info(Path directory) {
    return new SnapshotInfo(
        name,
        created,
        container.id(),
        container.name(),
        container.spec().image(),
        container.image().id(),
        container.isolation(),
        container.mounts().stream()
            .filter(MountPoint::anonymous)
            .map(point -> point.spec().target())
            .toList(),
        kernel,
        directory,
        size);
  }
}
