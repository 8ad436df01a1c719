/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.machine.network.NetworkPort;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What QEMU is given, and what it is left with. */
class QemuCommandTest {
  private static List<String> words(List<NetworkPort> ports) {
    var spec =
        new MachineSpec(
            "box",
            Path.of("/run/box"),
            96L << 20,
            2,
            Optional.empty(),
            Path.of("/kernels/vm linux"),
            Path.of("/kernels/initial"),
            "quiet",
            List.of(),
            ports.isEmpty() ? Optional.empty() : Optional.of(Path.of("/run/netns/box")),
            ports,
            "");
    return new QemuCommand(spec, MachineUser.of("box"))
        .words(Path.of("/usr/bin/qemu"), Path.of("/run/box"));
  }

  @Test
  void kernelAndInitialFilesAreOpenBeforeRightsAreGivenUp() {
    assertThat(words(List.of()))
        .containsSubsequence("setpriv", "/usr/bin/qemu", "-kernel", "/dev/fd/3")
        .doesNotContain("/kernels/vm linux", "/kernels/initial");
  }

  @Test
  void itHasAUserOfItsOwnAndNoRightsWithANetworkAndWithoutOne() {
    String user = String.valueOf(MachineUser.of("box").number());
    var port = new NetworkPort("tap0", "02:42:ac:11:00:02");
    for (List<NetworkPort> ports : List.of(List.<NetworkPort>of(), List.of(port))) {
      assertThat(words(ports))
          .containsSubsequence("unshare", "--net", "--wd", "/run/box")
          .containsSubsequence("setpriv", "--reuid", user, "--regid", user)
          .contains("--no-new-privs", "--bounding-set=-all", "--clear-groups");
    }
  }

  @Test
  void emulationSparesItsKernelWhatItWouldDoSlowly() {
    assertThat(words(List.of()))
        .containsSubsequence("-cpu", "max,erms=off,fsrm=off")
        .anySatisfy(word -> assertThat(word).contains("init_on_alloc=0", "noreplace-smp"));
  }

  @Test
  void tapsAreHandedOverOpen() {
    assertThat(
            words(
                List.of(
                    new NetworkPort("tap0", "02:42:ac:11:00:02"),
                    new NetworkPort("tap1", "02:42:ac:12:00:02"))))
        .contains("tap,id=tap0,fd=5", "tap,id=tap1,fd=6")
        .anySatisfy(word -> assertThat(word).contains("netdev=tap0,mac=02:42:ac:11:00:02"));
  }

  @Test
  void everyMachineHasItsFilterAndGivesPagesBack() {
    assertThat(words(List.of()))
        .containsSubsequence("-sandbox")
        .anySatisfy(word -> assertThat(word).contains("elevateprivileges=deny"))
        .anySatisfy(word -> assertThat(word).contains("free-page-reporting=on"));
  }

  @Test
  void usersAreFarAboveThoseOfAccountsAndTheSameForTheSameMachine() {
    assertThat(MachineUser.of("a").number()).isGreaterThanOrEqualTo(0x7000_0000);
    assertThat(MachineUser.of("a")).isEqualTo(MachineUser.of("a"));
    assertThat(MachineUser.of("a")).isNotEqualTo(MachineUser.of("b"));
  }
}
