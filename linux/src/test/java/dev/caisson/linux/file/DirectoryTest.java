/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.file;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryTest {
  @TempDir Path temporary;
  private Directory directory;

  @BeforeEach
  void open() {
    directory = Directory.open(temporary);
  }

  @AfterEach
  void close() {
    directory.close();
  }

  @Test
  void missingFileNamesCallSubjectAndErrno() {
    assertThatThrownBy(() -> directory.openFile("absent", 0, OpenFlag.READ))
        .isInstanceOf(LinuxException.class)
        .hasMessage("openat2(" + temporary + "/absent): ENOENT, no such file or directory");
  }

  @Test
  void directoriesThatAreUnrelatedAreMadeAndRemovedAsAny() throws Exception {
    boolean told = Unrelated.below(temporary);
    Files.createDirectories(temporary.resolve("one/inner"));
    Files.delete(temporary.resolve("one/inner"));
    Files.delete(temporary.resolve("one"));
    assertThat(Unrelated.below(temporary)).as("told twice").isEqualTo(told);
    assertThat(Unrelated.below(temporary.resolve("absent"))).isFalse();
    assertThat(Unrelated.below(Path.of("/proc"))).isFalse();
  }

  @Test
  void inRootKeepsAbsoluteLinksInside() throws Exception {
    Files.createDirectories(temporary.resolve("etc"));
    Files.writeString(temporary.resolve("etc/passwd"), "inside");
    Files.createSymbolicLink(temporary.resolve("link"), Path.of("/etc/passwd"));
    Files.createSymbolicLink(temporary.resolve("climb"), Path.of("../../../../etc/passwd"));
    for (String name : new String[] {"link", "climb", "/../etc/passwd"}) {
      try (Fd fd = directory.locate(name, Resolution.IN_ROOT)) {
        assertThat(Files.readString(fd.path())).isEqualTo("inside");
      }
    }
  }

  @Test
  void beneathRefusesToLeave() throws Exception {
    Files.createSymbolicLink(temporary.resolve("out"), Path.of("/etc"));
    assertErrno(Errno.EXDEV, () -> directory.locate("out/passwd", Resolution.BENEATH));
    assertErrno(Errno.EXDEV, () -> directory.locate("..", Resolution.BENEATH));
    assertErrno(Errno.ELOOP, () -> directory.locate("out/passwd", Resolution.NO_SYMLINKS));
    assertErrno(Errno.ELOOP, () -> directory.openFile("out", 0, OpenFlag.READ));
  }

  @Test
  void namesWithSlashesOrNulAreRefused() {
    for (String name : new String[] {"", ".", "..", "a/b", "/", "a\0b"}) {
      assertThatThrownBy(() -> directory.makeDirectory(name, 0755))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void namesAreMadeMovedAndRemoved() {
    directory.makeDirectory("sub", 0700);
    try (Directory sub = directory.resolve("sub", Resolution.IN_ROOT)) {
      directory.makeNode("pipe", FileType.FIFO, 0600, DeviceNumber.NONE);
      directory.rename("pipe", sub, "moved", RenameMode.NO_REPLACE);
      assertThat(sub.status("moved").type()).isEqualTo(FileType.FIFO);
      directory.makeSymbolicLink("l", "sub/moved");
      assertThat(directory.readLink("l")).isEqualTo("sub/moved");
      sub.link("moved", directory, "twin");
      assertThat(directory.status("twin").links()).isEqualTo(2);
      assertErrno(Errno.EEXIST, () -> sub.link("moved", directory, "twin"));
      directory.remove("twin");
      sub.remove("moved");
    }
    directory.removeDirectory("sub");
    assertErrno(Errno.ENOENT, () -> directory.status("sub"));
  }

  @Test
  void permissionsAndTimesAreKept() {
    directory.openFile("f", 0600, OpenFlag.CREATE, OpenFlag.WRITE).close();
    directory.changePermissions("f", 04755);
    directory.changeTimes("f", null, new FileTime(-5, 7));
    FileStatus status = directory.status("f");
    assertThat(status.permissions()).isEqualTo(04755);
    assertThat(status.modified()).isEqualTo(new FileTime(-5, 7));
    assertThat(status.type()).isEqualTo(FileType.REGULAR);
  }

  @Test
  void permissionsOfALinkAreRefusedNotFollowed() throws Exception {
    Path target = Files.writeString(temporary.resolve("target"), "x");
    directory.makeSymbolicLink("l", target.toString());
    assertErrno(Errno.EOPNOTSUPP, () -> directory.changePermissions("l", 0777));
  }

  @Test
  void ownersBeyond32BitsNeverBecomeRoot() {
    directory.makeDirectory("d", 0755);
    assertThatThrownBy(() -> directory.changeOwner("d", 1L << 32, 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> directory.changeOwner("d", -2, 0))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void unnamedFileGetsItsNameLast() throws Exception {
    try (Fd unnamed = directory.openUnnamed(0644)) {
      Files.writeString(unnamed.path(), "whole");
      assertThat(temporary.resolve("done")).doesNotExist();
      directory.linkOpenFile(unnamed, "done");
    }
    assertThat(temporary.resolve("done")).hasContent("whole");
  }

  @Test
  void manyThreadsKeepTheirOwnErrno() throws Exception {
    Files.writeString(temporary.resolve("there"), "");
    try (var executor = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
      var all = new java.util.ArrayList<java.util.concurrent.Future<?>>();
      for (int i = 0; i < 200; i++) {
        boolean absent = i % 2 == 0;
        all.add(
            executor.submit(() -> {
              for (int n = 0; n < 50; n++) {
                if (absent) {
                  assertErrno(Errno.ENOENT, () -> directory.status("absent"));
                } else {
                  assertErrno(Errno.EEXIST, () -> directory.makeDirectory("there", 0));
                }
              }
            }));
      }
      for (var one : all) {
        one.get();
      }
    }
  }

  private static void assertErrno(Errno errno, Runnable action) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(LinuxException.class, e -> assertThat(e.errno()).isEqualTo(errno));
  }
}
