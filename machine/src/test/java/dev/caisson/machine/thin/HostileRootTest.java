/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.linux.file.Directory;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.user.Accounts;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What an image, or a guest that runs, may have put where the host reads names of users. */
@Timeout(60)
class HostileRootTest {
  @TempDir Path root;
  private Path passwd;

  @BeforeEach
  void directory() throws Exception {
    passwd = Files.createDirectory(root.resolve("etc")).resolve("passwd");
  }

  private byte[] content() {
    try (Directory opened = Directory.open(root)) {
      return SharedFiles.content(opened, "/etc/passwd");
    }
  }

  private void make(String... command) throws Exception {
    assumeTrue(new ProcessBuilder(command).start().waitFor() == 0, "cannot make a node here");
  }

  @Test
  void aFifoIsNotWaitedFor() throws Exception {
    make("mkfifo", passwd.toString());
    assertThat(content()).isEmpty();
    Files.move(passwd, root.resolve("pipe"));
    Files.createSymbolicLink(passwd, Path.of("/pipe"));
    assertThat(content()).isEmpty();
  }

  @Test
  void aDeviceIsNotRead() throws Exception {
    make("mknod", passwd.toString(), "c", "1", "5"); // which gives zeroes without end
    assertThat(content()).isEmpty();
  }

  @Test
  void linksStayInsideAndTooMuchIsRefused() throws Exception {
    Files.createSymbolicLink(passwd, Path.of("/../../../../../etc/shadow"));
    assertThat(content()).isEmpty();
    Files.delete(passwd);
    Files.writeString(passwd, "a:x:1:1::/:/bin/sh");
    assertThat(new String(content(), StandardCharsets.UTF_8)).startsWith("a:x:1");
    try (var file = new RandomAccessFile(passwd.toFile(), "rw")) {
      file.setLength(Accounts.LARGEST_FILE + 1L);
    }
    assertThatThrownBy(this::content).isInstanceOf(SandboxException.class);
  }
}
