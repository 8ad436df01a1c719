/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.launch.FileAction.Sysctl;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SysctlPolicyTest {
  private static List<Sysctl> settings(String key, NetworkAttachment network) {
    return SysctlPolicy.settings(
        Workload.builder("a", RootFilesystem.directory(Path.of("/r")))
            .network(network)
            .sysctls(Map.of(key, "1"))
            .build());
  }

  @Test
  void theFirstSeparatorDecides() {
    assertThat(settings("net.ipv4.conf.eth0/1.forwarding", NetworkAttachment.NONE))
        .containsExactly(new Sysctl("net/ipv4/conf/eth0.1/forwarding", "1"));
    assertThat(settings("net/ipv4/ip_forward", NetworkAttachment.NONE))
        .containsExactly(new Sysctl("net/ipv4/ip_forward", "1"));
  }

  @Test
  void settingsOfTheHostAreRefusedInEitherSpelling() {
    for (String key :
        List.of("kernel.panic", "kernel/panic", "vm.overcommit_memory", "fs.nr_open")) {
      assertThatThrownBy(() -> settings(key, NetworkAttachment.NONE))
          .isInstanceOf(SandboxException.class)
          .hasMessageContaining("whole host");
    }
  }

  @Test
  void networkSettingsNeedANetworkOfOnesOwn() {
    assertThatThrownBy(() -> settings("net.ipv4.ip_forward", NetworkAttachment.HOST))
        .hasMessageContaining("namespace of the container's own");
  }
}
