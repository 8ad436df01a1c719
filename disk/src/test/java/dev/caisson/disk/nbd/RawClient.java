/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.disk.nbd.protocol.Flags;
import dev.caisson.disk.nbd.protocol.Magic;
import dev.caisson.disk.nbd.protocol.Option;
import dev.caisson.disk.nbd.protocol.OptionReply;
import dev.caisson.disk.nbd.protocol.Request;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** A client that says exactly what a test wants, right or wrong. */
final class RawClient implements AutoCloseable {
  final SocketChannel channel;

  RawClient(Path socket) throws IOException {
    channel = SocketChannel.open(UnixDomainSocketAddress.of(socket));
  }

  /** Reads the server's first words and answers them. */
  RawClient hello() throws IOException {
    var words = receive(18);
    assertThat(words.getLong()).isEqualTo(Magic.SERVER);
    send(ByteBuffer.allocate(4).putInt(Flags.Handshake.ALL));
    return this;
  }

  /** What a server answered to an option. */
  record Answer(int option, int type, byte[] data) {}

  void option(int number, byte[] data) throws IOException {
    var message = ByteBuffer.allocate(16 + data.length);
    send(message.putLong(Magic.OPTION).putInt(number).putInt(data.length).put(data));
  }

  Answer answer() throws IOException {
    var header = receive(20);
    assertThat(header.getLong()).isEqualTo(Magic.OPTION_REPLY);
    int option = header.getInt();
    int type = header.getInt();
    var data = new byte[header.getInt()];
    receive(data.length).get(data);
    return new Answer(option, type, data);
  }

  /** Sends an option and skips to its last answer. */
  Answer ask(Option option, byte[] data) throws IOException {
    option(option.number(), data);
    var answer = answer();
    while (answer.type() == OptionReply.INFO
        || answer.type() == OptionReply.SERVER
        || answer.type() == OptionReply.META_CONTEXT) {
      answer = answer();
    }
    return answer;
  }

  static byte[] go(String export) {
    byte[] name = export.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(6 + name.length).putInt(name.length).put(name).array();
  }

  static byte[] query(String export, String... queries) {
    var data = ByteBuffer.allocate(4096);
    byte[] name = export.getBytes(StandardCharsets.UTF_8);
    data.putInt(name.length).put(name).putInt(queries.length);
    for (String query : queries) {
      byte[] text = query.getBytes(StandardCharsets.UTF_8);
      data.putInt(text.length).put(text);
    }
    var bytes = new byte[data.position()];
    data.flip().get(bytes);
    return bytes;
  }

  void request(int flags, int type, long cookie, long offset, int length) throws IOException {
    var message = ByteBuffer.allocate(28);
    new Request(flags, type, cookie, offset, Integer.toUnsignedLong(length)).write(message, false);
    send(message);
  }

  /** Sends what was put into {@code message}. */
  void send(ByteBuffer message) throws IOException {
    message.flip();
    while (message.hasRemaining()) {
      channel.write(message);
    }
  }

  ByteBuffer receive(int count) throws IOException {
    var buffer = ByteBuffer.allocate(count);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer) < 0) {
        throw new IOException("the server hung up");
      }
    }
    return buffer.flip();
  }

  /** Whether the server closes the connection, whatever it says before. */
  boolean isHungUpOn() {
    try {
      var buffer = ByteBuffer.allocate(4096);
      while (channel.read(buffer.clear()) >= 0) {
        // Last words.
      }
      return true;
    } catch (IOException reset) {
      return true;
    }
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
