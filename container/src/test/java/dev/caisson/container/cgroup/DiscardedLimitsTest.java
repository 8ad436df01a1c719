/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.caisson.linux.cgroup.CgroupLayout;
import dev.caisson.sandbox.workload.Resources;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Looks at directories that have the files of groups on kernels of different configurations. */
class DiscardedLimitsTest {
  private static final Resources MEMORY =
      Resources.UNLIMITED.withMemory(Resources.Memory.limit(64 << 20));
  private static final Resources UNUSUAL_MEMORY =
      Resources.UNLIMITED.withMemory(
          new Resources.Memory(
              OptionalLong.empty(),
              OptionalLong.empty(),
              OptionalLong.empty(),
              OptionalInt.of(10),
              true));

  @TempDir Path mount;

  private void group(String... files) throws IOException {
    Path group = Files.createDirectories(mount.resolve("some"));
    for (String file : files) {
      Files.createFile(group.resolve(file));
    }
  }

  private DiscardedLimits unified() {
    return new DiscardedLimits(new CgroupLayout(Map.of(), Optional.of(mount)));
  }

  private DiscardedLimits legacy(String controller) {
    return new DiscardedLimits(new CgroupLayout(Map.of(controller, mount), Optional.empty()));
  }

  private static Resources weighted() {
    return new Resources(
        Resources.Memory.UNLIMITED,
        Resources.Cpu.UNLIMITED,
        OptionalLong.empty(),
        new Resources.BlockIo(
            OptionalInt.of(500),
            List.of(new Resources.DeviceRate(7, 0, 100)),
            List.of(),
            List.of(),
            List.of(),
            List.of()),
        List.of(),
        "",
        Map.of());
  }

  @Test
  void whatHoldsIsNotSpokenOf() throws IOException {
    group("memory.max", "memory.swap.max", "io.max", "io.weight");
    assertThat(unified().of(MEMORY)).isEmpty();
    assertThat(unified().of(weighted())).isEmpty();
    assertThat(unified().of(Resources.UNLIMITED)).isEmpty();
  }

  @Test
  void aKernelThatAccountsNoSwapIsTold() throws IOException {
    group("memory.max", "memory.limit_in_bytes");
    assertThat(unified().of(MEMORY)).singleElement().asString().contains("without swap");
    assertThat(legacy("memory").of(MEMORY)).singleElement().asString().contains("without swap");
    assertThat(unified().of(Resources.UNLIMITED)).isEmpty();
  }

  @Test
  void whatTheSecondVersionHasNotIsTold() throws IOException {
    group("memory.max", "memory.swap.max");
    assertThat(unified().of(UNUSUAL_MEMORY))
        .hasSize(2)
        .anyMatch(text -> text.contains("swappiness discarded"))
        .anyMatch(text -> text.contains("OomKillDisable discarded"));
    assertThat(legacy("memory").of(UNUSUAL_MEMORY)).isEmpty();
  }

  @Test
  void weightsWithoutASchedulerAreToldAndLeftOut() throws IOException {
    group("blkio.throttle.read_bps_device", "io.max");
    assertThat(legacy("blkio").of(weighted())).hasSize(2);
    assertThat(unified().of(weighted())).hasSize(2);
    var groups = Map.of("blkio", mount.resolve("some"));
    assertThatCode(() -> new LegacyLimits(groups).apply(weighted(), false))
        .doesNotThrowAnyException();
    assertThatCode(() -> new UnifiedLimits(mount.resolve("some")).apply(weighted()))
        .doesNotThrowAnyException();
  }

  @Test
  void anEmptyHierarchyTellsNothing() {
    assertThat(unified().of(MEMORY)).isEmpty();
    assertThat(legacy("memory").of(weighted())).isEmpty();
  }
}
