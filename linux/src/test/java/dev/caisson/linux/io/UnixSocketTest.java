/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.process.Credentials;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixSocketTest {
  @TempDir Path temporary;

  @Test
  void descriptorsTravelWithBytes() throws Exception {
    var pair = UnixSocket.pair(SocketKind.STREAM);
    try (UnixSocket left = pair.get(0);
        UnixSocket right = pair.get(1);
        Pipe pipe = Pipe.open()) {
      left.sendFully("take this".getBytes(StandardCharsets.UTF_8), pipe.writer(), pipe.reader());
      try (Message message = right.receive(100)) {
        assertThat(new String(message.bytes(), StandardCharsets.UTF_8)).isEqualTo("take this");
        assertThat(message.files()).hasSize(2);
        Files.writeString(message.files().get(0).path(), "through");
        byte[] read = new byte[7];
        assertThat(new Channel(pipe.reader()).read(read)).hasValue(7);
      }
      left.endOutput();
      assertThat(right.receive(10).isEnd()).isTrue();
    }
  }

  @Test
  void packetsKeepTheirBounds() {
    var pair = UnixSocket.pair(SocketKind.SEQUENCED_PACKETS);
    try (UnixSocket left = pair.get(0);
        UnixSocket right = pair.get(1)) {
      left.send(new byte[20]);
      left.send(new byte[3]);
      assertThat(right.receive(10).truncated()).isTrue();
      assertThat(right.receive(10).bytes()).hasSize(3);
    }
  }

  @Test
  void pathsOfAnyLengthServe() throws Exception {
    Path deep =
        Files.createDirectories(temporary.resolve("d".repeat(100)).resolve("e".repeat(100)));
    try (UnixListener listener = UnixListener.open(deep.resolve("s"), SocketKind.STREAM, 8);
        UnixSocket client = UnixSocket.connect(deep.resolve("s"), SocketKind.STREAM);
        UnixSocket accepted = listener.accept()) {
      client.sendFully(new byte[] {1, 2, 3});
      assertThat(accepted.receive(10).bytes()).hasSize(3);
    }
  }

  @Test
  void listenerKnowsWhoConnected() {
    Path path = temporary.resolve("s");
    try (UnixListener listener = UnixListener.open(path, SocketKind.STREAM, 8);
        UnixSocket client = UnixSocket.connect(path, SocketKind.STREAM);
        UnixSocket server = listener.accept()) {
      assertThat(server.peer().pid()).isEqualTo((int) ProcessHandle.current().pid());
      assertThat(server.peer().user()).isEqualTo(Credentials.own().effectiveUser());
      client.endOutput();
      assertThat(server.receive(1).isEnd()).isTrue();
      assertThatThrownBy(() -> UnixListener.open(path, SocketKind.STREAM, 8))
          .isInstanceOfSatisfying(
              LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EADDRINUSE));
    }
  }

  @Test
  void sendingToAClosedPeerIsAnErrorNotASignal() {
    var pair = UnixSocket.pair(SocketKind.STREAM);
    pair.get(1).close();
    try (UnixSocket left = pair.get(0)) {
      assertThatThrownBy(() -> left.send(new byte[1]))
          .isInstanceOfSatisfying(
              LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPIPE));
    }
  }

  @Test
  void pathsTooLongForTheKernelAreRefused() {
    assertThatThrownBy(() -> UnixSocket.connect(Path.of("/" + "x".repeat(107)), SocketKind.STREAM))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void sealedMemfdCannotBeChanged() throws Exception {
    try (Fd memfd = Memfd.sealed("stub", new byte[] {1, 2, 3})) {
      assertThat(Files.readAllBytes(memfd.path())).containsExactly(1, 2, 3);
      assertThatThrownBy(() -> new Channel(memfd).writeFully(new byte[1]))
          .isInstanceOfSatisfying(
              LinuxException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPERM));
    }
  }
}
