/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio.vhost;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.io.SocketKind;
import dev.caisson.linux.io.UnixSocket;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Our front end before a back end that is not ours. */
@Tag("integration")
@Timeout(180)
class VirtiofsdTest {
  private static final List<Path> PROGRAMS =
      List.of(Path.of("/usr/libexec/virtiofsd"), Path.of("/usr/lib/qemu/virtiofsd"));

  @TempDir Path directory;

  @Test
  void virtiofsdServesOurDeviceAndItsEndIsSeen() throws Exception {
    Optional<Path> program = PROGRAMS.stream().filter(Files::isExecutable).findFirst();
    assumeTrue(program.isPresent(), "virtiofsd is not installed");
    assumeTrue("root".equals(System.getProperty("user.name")), "virtiofsd needs root");
    Path socket = directory.resolve("socket");
    Path shared = Files.createDirectories(directory.resolve("shared"));
    Process virtiofsd =
        new ProcessBuilder(
                program.get().toString(),
                "--socket-path=" + socket,
                "-o",
                "source=" + shared + ",sandbox=chroot")
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("log").toFile())
            .start();
    try (UnixSocket connection = connected(socket, virtiofsd);
        var driven = new DrivenDevice(VhostUserDevice.files(connection, "tree", 1))) {
      ByteBuffer answer = driven.greetedFiles();
      assertThat(answer.getInt(4)).isZero();
      assertThat(answer.getLong(8)).isEqualTo(DrivenDevice.GREETING);
      assertThat(answer.getInt(16)).isEqualTo(7);
      virtiofsd.destroyForcibly();
      assertThat(driven.broken()).isTrue();
    } finally {
      virtiofsd.destroyForcibly();
      assertThat(virtiofsd.waitFor(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  private UnixSocket connected(Path socket, Process program) throws Exception {
    while (true) {
      try {
        return UnixSocket.connect(socket, SocketKind.STREAM);
      } catch (LinuxException notYet) {
        assertThat(program.isAlive()).as("virtiofsd: %s", directory.resolve("log")).isTrue();
        Thread.sleep(5);
      }
    }
  }
}
