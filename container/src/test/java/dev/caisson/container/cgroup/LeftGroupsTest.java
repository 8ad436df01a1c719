/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.linux.cgroup.CgroupLayout;
import dev.caisson.linux.file.ExtendedAttributes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Which groups of v2 an engine takes for those of one that was killed. */
@Tag("integration")
class LeftGroupsTest {
  private static final String MARK = "trusted.caisson.parked";
  private static final FileTime LONG_AGO = FileTime.from(Instant.now().minus(Duration.ofHours(1)));

  private Path parent;

  @BeforeEach
  void makeParent() throws IOException {
    Path unified = CgroupLayout.ofThisHost().unified().orElse(null);
    Assumptions.assumeTrue(
        unified != null && Files.isWritable(unified.resolve("cgroup.procs")),
        "no writable cgroup v2 hierarchy");
    parent = Files.createDirectory(unified.resolve("caisson-left-" + System.nanoTime()));
  }

  @AfterEach
  void removeAll() {
    if (parent != null) {
      assertThat(CgroupTree.remove(parent)).isTrue();
    }
  }

  private Path group(String name, String owner) throws IOException {
    Path group = Files.createDirectory(parent.resolve(name));
    if (!owner.isEmpty()) {
      ExtendedAttributes.of(group).set(MARK, owner.getBytes(StandardCharsets.US_ASCII));
    }
    return group;
  }

  private static String ended() throws Exception {
    Process process = new ProcessBuilder("true").start();
    process.waitFor();
    return Long.toString(process.pid());
  }

  @Test
  void markedOnesOfAProcessThatEndedAreRemoved() throws Exception {
    Path left = group("left", ended());
    assertThat(LeftGroups.marked(parent, true)).isTrue();
    assertThat(left).doesNotExist();
  }

  @Test
  void thoseOfALivingProcessStayAndAreLookedAtAgain() throws Exception {
    Process living = new ProcessBuilder("sleep", "60").start();
    try {
      Path parked = group("parked", Long.toString(living.pid()));
      Path own = group("own", Long.toString(ProcessHandle.current().pid()));
      assertThat(LeftGroups.marked(parent, true)).isFalse();
      assertThat(parked).exists();
      assertThat(own).exists();
    } finally {
      living.destroyForcibly().waitFor();
    }
  }

  @Test
  void aMarkThatNamesNobodyIsNotOurs() throws Exception {
    Path other = group("other", "somebody");
    assertThat(LeftGroups.marked(parent, true)).isTrue();
    assertThat(other).exists();
  }

  @Test
  void emptyOnesThatLookLikeAContainersAreRemovedOnceNoStartLastsSoLong() throws Exception {
    Path young = group("a".repeat(64), "");
    Path old = group("b".repeat(64), "");
    Path otherwiseNamed = group("web", "");
    Path used = group("c".repeat(64), "");
    for (Path group : new Path[] {old, otherwiseNamed, used}) {
      Files.setLastModifiedTime(group, LONG_AGO);
    }
    Process inside = new ProcessBuilder("sleep", "60").start();
    try {
      CgroupFile.write(used.resolve("cgroup.procs"), Long.toString(inside.pid()));
      assertThat(LeftGroups.marked(parent, true)).isTrue();
      assertThat(old).doesNotExist();
      assertThat(young).exists();
      assertThat(otherwiseNamed).exists();
      assertThat(used).exists();
    } finally {
      inside.destroyForcibly().waitFor();
    }
  }
}
