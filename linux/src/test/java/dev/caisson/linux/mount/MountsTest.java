/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.mount;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.process.Credentials;
import dev.caisson.linux.process.Namespace;
import dev.caisson.linux.process.NamespaceThread;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mounts in a mount namespace of the test's own, which takes them along when its thread ends. */
@Tag("integration")
class MountsTest {
  @TempDir Path temporary;

  @BeforeEach
  void needsRoot() {
    Assumptions.assumeTrue(Credentials.own().isRoot(), "mounting needs root");
  }

  @Test
  void classicMountsComeAndGo() {
    insidePrivateMounts(() -> {
      Mounts.mount("none", temporary, "tmpfs", "size=1m", MountFlag.NO_EXECUTION);
      MountEntry entry = entryAt(temporary);
      assertThat(entry.type()).isEqualTo("tmpfs");
      assertThat(entry.options()).contains("noexec");
      Mounts.change(temporary, MountFlag.REMOUNT, MountFlag.BIND, MountFlag.READ_ONLY);
      assertThat(entryAt(temporary).options()).contains("ro");
      Mounts.unmount(temporary);
      assertThatThrownBy(() -> entryAt(temporary)).isInstanceOf(AssertionError.class);
    });
  }

  @Test
  void newFileSystemAttachesToAnOpenDirectory() {
    insidePrivateMounts(() -> {
      try (FileSystem tmpfs = FileSystem.open("tmpfs");
          Fd target = Directory.openFile(temporary, 0, OpenFlag.PATH)) {
        tmpfs.set("size", "1m").set("mode", "700");
        try (DetachedMount mount = tmpfs.mount(Set.of(MountAttribute.NO_DEVICES))) {
          mount.attach(target);
        }
      }
      assertThat(entryAt(temporary).options()).contains("nodev");
      Mounts.detach(temporary);
    });
  }

  @Test
  void treeIsClonedAndMadeReadOnly() {
    insidePrivateMounts(() -> {
      Path target = temporary.resolve("target");
      Directory.open(temporary).makeDirectory("target", 0755);
      try (DetachedMount clone = DetachedMount.clone(Path.of("/usr"), true)) {
        clone.change(Set.of(MountAttribute.READ_ONLY), Set.of(), Propagation.PRIVATE, true);
        clone.attach(target);
      }
      assertThat(target.resolve("bin")).exists();
      assertThat(Files.isWritable(target)).isFalse();
      Mounts.detach(target);
    });
  }

  @Test
  void refusalCarriesTheKernelsWords() {
    insidePrivateMounts(() -> {
      try (FileSystem tmpfs = FileSystem.open("tmpfs")) {
        assertThatThrownBy(() -> tmpfs.set("nonsense", "1"))
            .isInstanceOf(LinuxException.class)
            .hasMessageContaining("Unknown parameter 'nonsense'");
      }
    });
  }

  private static void insidePrivateMounts(Runnable work) {
    NamespaceThread.insideNew(
        () -> {
          Mounts.change(Path.of("/"), MountFlag.PRIVATE, MountFlag.RECURSIVE);
          work.run();
          return null;
        },
        Namespace.MOUNT);
  }

  /** /proc/self is the process; the namespace is the thread's. */
  private static MountEntry entryAt(Path target) {
    return MountEntry.ofThisThread().stream()
        .filter(entry -> entry.target().equals(target))
        .reduce((first, last) -> last)
        .orElseThrow(() -> new AssertionError("nothing mounted at " + target));
  }
}
