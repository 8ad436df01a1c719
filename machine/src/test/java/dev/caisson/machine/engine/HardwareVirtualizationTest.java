/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A device that opens is not enough: the processor has to say that it can. */
class HardwareVirtualizationTest {
  @TempDir Path directory;

  private HardwareVirtualization host(String flags, boolean device) throws IOException {
    Path processors =
        Files.writeString(directory.resolve("cpuinfo"), "flags\t\t: fpu " + flags + " sse2\n");
    Path node = directory.resolve("kvm");
    if (device) {
      Files.writeString(node, "");
    }
    return new HardwareVirtualization(processors, node);
  }

  @Test
  void withFlagAndDeviceNothingIsMissing() throws IOException {
    assertThat(host("svm", true).missing()).isEmpty();
    assertThat(host("vmx", true).missing()).isEmpty();
  }

  @Test
  void aDeviceWithoutTheFlagDoesNotCount() throws IOException {
    var missing = host("svm_lock vmxx", true).missing();
    assertThat(missing).hasValueSatisfying(it -> assertThat(it.reason()).contains("neither"));
  }

  @Test
  void theModuleOfThisProcessorIsNamed() throws IOException {
    assertThat(host("vmx", false).missing())
        .hasValueSatisfying(it -> assertThat(it.remedy()).isEqualTo("modprobe kvm-intel"));
    assertThat(host("svm", false).missing())
        .hasValueSatisfying(it -> assertThat(it.remedy()).isEqualTo("modprobe kvm-amd"));
  }
}
