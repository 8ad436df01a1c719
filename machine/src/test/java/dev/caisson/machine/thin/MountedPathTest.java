/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Mounts;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** A path is looked for in the deepest mount it leads into, and not in one it only resembles. */
class MountedPathTest {
  private static final Mount OUTER = Mount.Bind.of(Path.of("/srv/outer"), "/data");
  private static final Mount INNER = Mount.Volume.of("v", Path.of("/srv/inner"), "/data/in/");
  private static final Workload WORKLOAD =
      Workload.builder("w", RootFilesystem.directory(Path.of("/srv/root")))
          .mounts(Mounts.of(OUTER, INNER))
          .build();

  @Test
  void theDeepestMountCounts() {
    assertThat(MountedPath.of(WORKLOAD, "/data/in/file")).contains(new MountedPath(INNER, "/file"));
    assertThat(MountedPath.of(WORKLOAD, "/data/other/file"))
        .contains(new MountedPath(OUTER, "/other/file"));
    assertThat(MountedPath.of(WORKLOAD, "data")).contains(new MountedPath(OUTER, "/"));
  }

  @Test
  void dotsAreResolvedBeforeLooking() {
    assertThat(MountedPath.of(WORKLOAD, "/data/in/../x/./y"))
        .contains(new MountedPath(OUTER, "/x/y"));
    assertThat(MountedPath.of(WORKLOAD, "/../../data/in/../../etc")).isEmpty();
  }

  @Test
  void aNameThatBeginsAlikeIsAnotherPlace() {
    assertThat(MountedPath.of(WORKLOAD, "/database/file")).isEmpty();
    assertThat(MountedPath.of(WORKLOAD, "/")).isEmpty();
  }
}
