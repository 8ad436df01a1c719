/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.linux.mount.MountEntry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CgroupsTest {
  @TempDir Path temporary;

  @Test
  void hybridHostHasControllersInVersionOne() {
    Cgroups cgroups =
        Cgroups.of(
            List.of(
                mount("/sys/fs/cgroup/cpu,cpuacct", "/", "cgroup", "rw,cpu,cpuacct"),
                mount("/sys/fs/cgroup/memory", "/", "cgroup", "rw,memory"),
                mount("/sys/fs/cgroup/unified", "/", "cgroup2", "rw")),
            List.of("4:memory:/app", "3:cpu,cpuacct:/", "0::/app"));
    assertThat(cgroups.layout()).isEqualTo(CgroupLayout.HYBRID);
    assertThat(cgroups.controllers()).containsOnlyKeys("memory", "cpu", "cpuacct");
    assertThat(cgroups.controllers().get("memory").own())
        .isEqualTo(Path.of("/sys/fs/cgroup/memory/app"));
    assertThat(cgroups.hierarchies()).hasSize(3);
  }

  @Test
  void unifiedHostListsItsControllersInAFile() throws Exception {
    Files.createDirectories(temporary.resolve("user"));
    Files.writeString(temporary.resolve("user/cgroup.controllers"), "cpu memory pids\n");
    Cgroups cgroups =
        Cgroups.of(List.of(mount(temporary.toString(), "/", "cgroup2", "rw")), List.of("0::/user"));
    assertThat(cgroups.layout()).isEqualTo(CgroupLayout.UNIFIED);
    assertThat(cgroups.controllers()).containsOnlyKeys("cpu", "memory", "pids");
    assertThat(cgroups.has("io")).isFalse();
  }

  @Test
  void partOfATreeMountedInsideAContainerIsCutOff() {
    Cgroups cgroups =
        Cgroups.of(
            List.of(mount("/sys/fs/cgroup/pids", "/docker/abc", "cgroup", "rw,pids")),
            List.of("8:pids:/docker/abc/sub"));
    assertThat(cgroups.layout()).isEqualTo(CgroupLayout.LEGACY);
    assertThat(cgroups.controllers().get("pids").own())
        .isEqualTo(Path.of("/sys/fs/cgroup/pids/sub"));
  }

  @Test
  void hostWithoutControlGroupsSaysSo() {
    assertThat(Cgroups.of(List.of(), List.of()).layout()).isEqualTo(CgroupLayout.NONE);
    assertThat(Cgroups.detect().hierarchies()).allMatch(h -> Files.isDirectory(h.mount()));
  }

  @Test
  void controlFilesAreReadByKey() throws Exception {
    CgroupDirectory group = new CgroupDirectory(temporary.resolve("g")).create();
    Files.writeString(group.path().resolve("memory.stat"), "anon 12\nfile 34\n");
    Files.writeString(group.path().resolve("pids.max"), "max\n");
    assertThat(group.read("memory.stat", "file")).hasValue("34");
    group.write("pids.max", "64");
    assertThat(group.read("pids.max")).hasValue("64");
    assertThat(group.read("absent")).isEmpty();
    assertThat(group.remove()).isFalse();
    Files.delete(group.path().resolve("memory.stat"));
    Files.delete(group.path().resolve("pids.max"));
    assertThat(group.remove()).isTrue();
    assertThat(group.remove()).isTrue();
  }

  private static MountEntry mount(String target, String root, String type, String options) {
    return MountEntry.parse(
        "30 1 0:25 " + root + " " + target + " rw shared:1 - " + type + " none " + options);
  }
}
