/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.device;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.cli.MemoryConsole;
import dev.caisson.cli.alone.CommandGroup;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Devices lent by a command: what it says, whom it answers, what it leaves. */
@Timeout(60)
class DeviceCommandsTest {
  private static final int GET_FEATURES = 1;
  private static final int REPLY = 5; // version 1, and that it is one
  private static final long VERSION_1 = 1L << 32;

  @TempDir Path folder;
  private final List<Thread> running = new ArrayList<>();
  private MemoryConsole console = new MemoryConsole("", Path.of("/"));

  private int device(String... words) {
    console = new MemoryConsole("", folder);
    return new CommandGroup("device", new DeviceCommands().commands()).run(console, words);
  }

  /** Returns once everything is lent, or the command has ended. */
  private void lend(int devices, String... words) throws InterruptedException {
    var own = new MemoryConsole("", folder);
    console = own;
    var group = new CommandGroup("device", new DeviceCommands().commands());
    var thread = Thread.ofPlatform().start(() -> group.run(own, words));
    running.add(thread);
    while (thread.isAlive() && own.outText().lines().count() < devices) {
      Thread.sleep(5);
    }
  }

  @AfterEach
  void interrupt() throws InterruptedException {
    for (Thread one : running) {
      one.interrupt();
      assertThat(one.join(Duration.ofSeconds(30))).as("a command ends when interrupted").isTrue();
    }
    running.clear();
  }

  /** What the device behind the socket offers. vhost-user, VHOST_USER_GET_FEATURES */
  private long features(String socket) throws IOException {
    try (var peer = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      peer.connect(UnixDomainSocketAddress.of(folder.resolve(socket)));
      var words = ByteBuffer.allocate(20).order(ByteOrder.LITTLE_ENDIAN);
      peer.write(words.putInt(GET_FEATURES).putInt(1).putInt(0).flip());
      words.clear();
      while (words.hasRemaining()) {
        assertThat(peer.read(words)).as("the device answers").isPositive();
      }
      assertThat(words.getInt(4)).isEqualTo(REPLY);
      return words.getLong(12);
    }
  }

  @Test
  void aDirectoryADiskAndANetworkAreLentUntilTheCallerInterrupts() throws Exception {
    Files.createDirectory(folder.resolve("tree"));
    Files.write(folder.resolve("disk.raw"), new byte[1 << 20]);
    lend(1, "fs", "tree", "-k", "fs.socket", "--read-only");
    assertThat(console.outText())
        .isEqualTo(
            "lending %s at %s%n".formatted(folder.resolve("tree"), folder.resolve("fs.socket")));
    lend(1, "block", "-f", "raw", "--queues", "2", "-k", "disk.socket", "disk.raw");
    lend(2, "net", "one.socket=02:00:00:00:00:01", "two.socket=02:00:00:00:00:02");
    for (String socket : List.of("fs.socket", "disk.socket", "one.socket", "two.socket")) {
      assertThat(features(socket) & VERSION_1).as(socket).isEqualTo(VERSION_1);
    }
    interrupt();
    assertThat(folder.toFile().list()).containsExactlyInAnyOrder("tree", "disk.raw");
  }

  @Test
  void whatCannotBeLentIsSaidInALine() throws IOException {
    Files.writeString(folder.resolve("file"), "no disk, no socket");
    Files.createDirectory(folder.resolve("tree"));
    assertThat(device("fs", "tree")).isEqualTo(1);
    assertThat(console.errText()).contains("--socket FILE");
    assertThat(device("fs", "file", "-k", "s")).isEqualTo(1);
    assertThat(console.errText()).contains("file is no directory");
    assertThat(device("fs", "tree", "-k", "file")).isEqualTo(1);
    assertThat(console.errText()).contains("is no socket");
    assertThat(device("fs", "tree", "-k", "s".repeat(200))).isEqualTo(1);
    assertThat(console.errText()).contains("at most 107 bytes");
    assertThat(device("fs", "tree", "-k", "s", "--queues", "0")).isEqualTo(1);
    assertThat(console.errText()).contains("--queues 0 is not 1 to 64");
    assertThat(device("block", "absent.qcow2", "-k", "s")).isEqualTo(1);
    assertThat(console.errText()).contains("absent.qcow2: no such file");
    assertThat(device("net", "one.socket")).isEqualTo(1);
    assertThat(console.errText()).contains("SOCKET=MAC");
    assertThat(device("net", "a=02:00:00:00:00:01", "b=02:00:00:00:00:01")).isEqualTo(1);
    assertThat(console.errText()).contains("is taken");
    assertThat(device("net", "a=02:00:00:00:00:01", "--mtu", "1")).isEqualTo(1);
    assertThat(device("disk")).isEqualTo(1);
    assertThat(console.errText()).contains("device has no command 'disk'");
    assertThat(folder.toFile().list()).containsExactlyInAnyOrder("file", "tree");
  }
}
