/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.Attachment;
import dev.caisson.engine.EngineException;
import dev.caisson.engine.Output;
import dev.caisson.server.http.Exchange;
import dev.caisson.server.http.HttpException;
import dev.caisson.server.http.Takeover;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The little of RFC 6455 that {@code attach/ws} needs: binary messages both ways, ping and close.
 */
final class WebSocket {
  private static final String GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455 section 1.3
  private static final int LIMIT = 1 << 20;
  private static final int BINARY = 2;
  private static final int CLOSE = 8;
  private static final int PING = 9;
  private static final int PONG = 10;

  private final OutputStream out;

  private WebSocket(OutputStream out) {
    this.out = out;
  }

  /** The client's key, checked before anything is attached. */
  record Handshake(String accept) {
    static Handshake of(Exchange exchange) {
      String key =
          exchange
              .header("Sec-WebSocket-Key")
              .orElseThrow(
                  () -> HttpException.badRequest("the header Sec-WebSocket-Key is missing"));
      try {
        byte[] digest =
            MessageDigest.getInstance("SHA-1")
                .digest((key + GUID).getBytes(StandardCharsets.US_ASCII));
        return new Handshake(Base64.getEncoder().encodeToString(digest));
      } catch (NoSuchAlgorithmException everyJdkHasIt) {
        throw new IllegalStateException(everyJdkHasIt);
      }
    }

    void accept(Exchange exchange, Consumer<Takeover> session) throws IOException {
      exchange.setHeader("Sec-WebSocket-Accept", accept);
      exchange.upgrade("websocket", session);
    }
  }

  static void join(Attachment attachment, Takeover client, boolean stdin) {
    WebSocket socket = new WebSocket(client.output());
    try (attachment) {
      Thread.ofVirtual()
          .name("websocket-input")
          .start(() -> socket.pumpInput(attachment, client, stdin));
      for (Optional<Output> next = attachment.next(); next.isPresent(); next = attachment.next()) {
        socket.send(BINARY, next.get().data());
      }
      socket.send(CLOSE, new byte[] {0x03, (byte) 0xe8}); // 1000, normal closure
    } catch (IOException | EngineException gone) {
      // Either side left; both are closed on return.
    }
  }

  private synchronized void send(int opcode, byte[] data) throws IOException {
    ByteBuffer frame = ByteBuffer.allocate(10 + data.length).put((byte) (0x80 | opcode));
    if (data.length < 126) {
      frame.put((byte) data.length);
    } else if (data.length < 65_536) {
      frame.put((byte) 126).putShort((short) data.length);
    } else {
      frame.put((byte) 127).putLong(data.length);
    }
    frame.put(data).flip();
    out.write(frame.array(), 0, frame.limit());
  }

  private void pumpInput(Attachment attachment, Takeover client, boolean stdin) {
    try (DataInputStream in = new DataInputStream(client.input())) {
      while (true) {
        int opcode = in.readUnsignedByte() & 0x0f;
        byte[] payload = payload(in);
        switch (opcode) {
          case CLOSE -> {
            attachment.close();
            return;
          }
          case PING -> send(PONG, payload);
          case PONG -> {}
          default -> {
            if (stdin) {
              attachment.write(ByteBuffer.wrap(payload));
            }
          }
        }
      }
    } catch (IOException | EngineException gone) {
      attachment.close();
    }
  }

  private static byte[] payload(DataInputStream in) throws IOException {
    int second = in.readUnsignedByte();
    long length = second & 0x7f;
    if (length == 126) {
      length = in.readUnsignedShort();
    } else if (length == 127) {
      length = in.readLong();
    }
    if (length < 0 || length > LIMIT || (second & 0x80) == 0) {
      throw new EOFException("a frame of " + length + " bytes, or one without a mask");
    }
    byte[] mask = in.readNBytes(4);
    byte[] data = in.readNBytes((int) length);
    if (mask.length < 4 || data.length < length) {
      throw new EOFException();
    }
    for (int i = 0; i < data.length; i++) {
      data[i] ^= mask[i % 4];
    }
    return data;
  }
}
