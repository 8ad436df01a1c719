/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import static org.assertj.core.api.Assertions.assertThatCode;

import dev.caisson.linux.cgroup.CgroupLayout;
import dev.caisson.linux.cgroup.DeviceFilter;
import dev.caisson.linux.file.Directory;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("integration")
class DeviceFilterTest {
  @Test
  void theKernelsVerifierAcceptsOurPrograms() throws Exception {
    Path unified = CgroupLayout.ofThisHost().unified().orElse(null);
    Assumptions.assumeTrue(
        unified != null && Files.isWritable(unified), "no writable cgroup v2 hierarchy");
    Path group = Files.createDirectory(unified.resolve("caisson-test-" + System.nanoTime()));
    try (Directory directory = Directory.open(group)) {
      for (DeviceAccess access : new DeviceAccess[] {DeviceAccess.PLAIN, DeviceAccess.ALL}) {
        assertThatCode(() -> DeviceFilter.attach(directory, DeviceProgram.compile(access)))
            .doesNotThrowAnyException();
      }
    } finally {
      Files.delete(group);
    }
  }
}
