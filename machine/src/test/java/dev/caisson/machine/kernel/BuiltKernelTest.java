/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.sandbox.SandboxException;
import java.nio.file.Path;
import java.util.HashSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BuiltKernelTest {
  @TempDir Path work;

  @Test
  void theConfigurationHasEveryDeviceOnceAndNoModules() {
    assertThat(BuiltKernel.settings())
        .contains("CONFIG_VIRTIO_FS=y", "CONFIG_VIRTIO_CONSOLE=y", "CONFIG_VIRTIO_BALLOON=y")
        .contains("CONFIG_VIRTIO_PCI=y", "CONFIG_VIRTIO_MMIO=y", "CONFIG_PAGE_REPORTING=y")
        .allMatch(line -> line.endsWith("=y") || line.endsWith("=64"))
        .doesNotContain("CONFIG_MODULES=y");
    assertThat(new HashSet<>(BuiltKernel.settings())).hasSameSizeAs(BuiltKernel.settings());
  }

  @Test
  void aToolThatFailsOrIsMissingIsNamedWithItsWordsAndTheRemedy() {
    var tools = new PackageTools(work, "; try this");
    assertThatThrownBy(() -> tools.run("sh", "-c", "echo out of paper >&2; exit 3"))
        .isInstanceOf(SandboxException.class)
        .hasMessageContaining("ended with 3: out of paper; try this");
    assertThatThrownBy(() -> tools.run("no-such-tool"))
        .hasMessage("no-such-tool is not here; try this");
  }
}
