/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.machine.network.NetworkPort;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What QEMU is given, and what it is left with. */
class QemuCommandTest {
  @TempDir Path directory;

  private static List<String> words(List<NetworkPort> ports) {
    return words(ports, new Acceleration.Emulated());
  }

  private static List<String> words(List<NetworkPort> ports, Acceleration acceleration) {
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
    return new QemuCommand(spec, MachineUser.of("box"), acceleration)
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
  void onKvmItIsOfTheGroupThatMayUseIt() {
    var words = words(List.of(), new Acceleration.Kvm(OptionalInt.of(108)));
    assertThat(words)
        .containsSubsequence("setpriv", "--groups", "108", "-accel", "kvm", "-cpu", "host")
        .doesNotContain("--clear-groups");
  }

  @Test
  void emulationSparesItsKernelWhatItWouldDoSlowly() {
    var emulated = words(List.of(), new Acceleration.Emulated());
    assertThat(emulated)
        .containsSubsequence("-cpu", "max,erms=off,fsrm=off")
        .anySatisfy(word -> assertThat(word).contains("init_on_alloc=0", "noreplace-smp"));
    var real = words(List.of(), new Acceleration.Kvm(OptionalInt.of(108)));
    assertThat(real).noneSatisfy(word -> assertThat(word).contains("mitigations=off"));
    assertThat(real).noneSatisfy(word -> assertThat(word).contains("init_on_alloc=0"));
  }

  @Test
  void withoutVirtualizationItEmulates() throws IOException {
    Path none = Files.writeString(directory.resolve("cpuinfo"), "flags : fpu\n");
    assertThat(Acceleration.of(new HardwareVirtualization(none, none), none))
        .isEqualTo(new Acceleration.Emulated());
    Path some = Files.writeString(directory.resolve("cpuinfo"), "flags : fpu svm\n");
    assertThat(Acceleration.of(new HardwareVirtualization(some, some), some))
        .isInstanceOf(Acceleration.Kvm.class);
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
