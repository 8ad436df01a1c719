/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.lab.docker;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** BuildKit's door, frame by frame as no library would send them. RFC 9113 */
@Tag("integration")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class BuildKitFramesTest {
  private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  private static final int DATA = 0;
  private static final int HEADERS = 1;
  private static final int RESET = 3;
  private static final int SETTINGS = 4;
  private static final int PING = 6;
  private static final int GO_AWAY = 7;
  private static final int END_STREAM = 1;
  private static final int END_HEADERS = 4;

  private EngineProcess engine;

  @BeforeAll
  void start() throws IOException {
    engine = EngineProcess.start();
  }

  @AfterAll
  void stop() throws IOException {
    if (engine != null) {
      engine.close();
    }
  }

  private record Frame(int type, int flags, int stream, byte[] payload) {}

  /** An upgraded connection. */
  private final class Door implements AutoCloseable {
    private final SocketChannel channel = engine.connect();
    private final OutputStream out = Channels.newOutputStream(channel);
    private final DataInputStream in = new DataInputStream(Channels.newInputStream(channel));

    Door(String host) throws IOException {
      ascii(
          "POST /grpc HTTP/1.1\r\nHost: "
              + host
              + "\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 0\r\n\r\n");
      StringBuilder head = new StringBuilder();
      while (!head.toString().endsWith("\r\n\r\n")) {
        head.append((char) in.readUnsignedByte());
      }
      assertThat(head.toString()).startsWith("HTTP/1.1 101 ").contains("Upgrade: h2c");
    }

    void ascii(String text) throws IOException {
      out.write(text.getBytes(StandardCharsets.US_ASCII));
    }

    void begin() throws IOException {
      ascii(PREFACE);
      frame(SETTINGS, 0, 0, new byte[0]);
    }

    void frame(int type, int flags, int stream, byte[] payload) throws IOException {
      ByteBuffer frame = ByteBuffer.allocate(9 + payload.length);
      frame.put((byte) (payload.length >> 16)).putShort((short) payload.length);
      frame.put((byte) type).put((byte) flags).putInt(stream).put(payload);
      out.write(frame.array());
    }

    void call(int stream, String path) throws IOException {
      var block = new ByteArrayOutputStream();
      literal(block, ":method", "POST");
      literal(block, ":scheme", "http");
      literal(block, ":path", path);
      literal(block, ":authority", "localhost");
      literal(block, "content-type", "application/grpc");
      literal(block, "te", "trailers");
      frame(HEADERS, END_HEADERS, stream, block.toByteArray());
    }

    /** A field that is neither indexed nor packed. RFC 7541, 6.2.2 */
    private static void literal(ByteArrayOutputStream block, String name, String value) {
      block.write(0);
      block.write(name.length());
      block.writeBytes(name.getBytes(StandardCharsets.US_ASCII));
      block.write(value.length());
      block.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
    }

    Frame next() throws IOException {
      int length = in.readUnsignedByte() << 16 | in.readUnsignedShort();
      int type = in.readUnsignedByte();
      int flags = in.readUnsignedByte();
      int stream = in.readInt();
      byte[] payload = new byte[length];
      in.readFully(payload);
      return new Frame(type, flags, stream, payload);
    }

    /** What a stream sends until it ends. */
    String answer(int stream) throws IOException {
      var text = new StringBuilder();
      for (Frame frame = next(); ; frame = next()) {
        if (frame.stream() == stream && frame.type() == DATA) {
          text.append(new String(frame.payload(), StandardCharsets.ISO_8859_1));
        }
        boolean ends = frame.type() == RESET || (frame.flags() & END_STREAM) != 0;
        if (frame.stream() == stream && ends) {
          return text.toString();
        }
      }
    }

    /** Whether the engine closes the connection, saying so or not. */
    boolean isClosed() throws IOException {
      try {
        while (next().type() != GO_AWAY) {
          // what it had to say before
        }
        return true;
      } catch (EOFException closed) {
        return true;
      }
    }

    @Override
    public void close() throws IOException {
      channel.close();
    }
  }

  private static final byte[] EMPTY_MESSAGE = new byte[5];

  private void engineStillAnswers() throws IOException {
    try (Door door = new Door("a")) {
      door.begin();
      door.call(1, "/moby.buildkit.v1.Control/ListWorkers");
      door.frame(DATA, END_STREAM, 1, EMPTY_MESSAGE);
      assertThat(door.answer(1)).contains("caisson").contains("linux");
    }
  }

  /** Docker's clients before 28 name no host when they hijack. */
  @Test
  void aClientWithoutAHostIsServed() throws IOException {
    try (Door door = new Door("")) {
      door.begin();
      door.call(1, "/moby.buildkit.v1.frontend.LLBBridge/Ping");
      door.frame(DATA, END_STREAM, 1, EMPTY_MESSAGE);
      assertThat(door.answer(1)).contains("solve.base");
    }
  }

  @Test
  void whatIsNoHttp2IsClosed() throws IOException {
    try (Door door = new Door("a")) {
      door.ascii("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      assertThat(door.isClosed()).isTrue();
    }
    engineStillAnswers();
  }

  @Test
  void framesThatAreTooLongOrOutOfPlaceEndTheConnection() throws IOException {
    try (Door door = new Door("a")) {
      door.begin();
      door.frame(DATA, 0, 1, new byte[17 << 10]); // more than SETTINGS_MAX_FRAME_SIZE
      assertThat(door.isClosed()).isTrue();
    }
    try (Door door = new Door("a")) {
      door.begin();
      door.frame(DATA, 0, 7, EMPTY_MESSAGE); // a stream that was never opened
      assertThat(door.isClosed()).isTrue();
    }
    engineStillAnswers();
  }

  @Test
  void callsThatAreCanceledAtOnceByTheThousandsEndTheConnection() throws IOException {
    try (Door door = new Door("a")) {
      door.begin();
      Thread reader = Thread.ofVirtual().start(() -> drained(door));
      boolean refused = false;
      for (int i = 0; i < 50_000 && !refused; i++) {
        try {
          door.call(2 * i + 1, "/moby.buildkit.v1.Control/Info");
          door.frame(RESET, 0, 2 * i + 1, new byte[] {0, 0, 0, 8});
        } catch (IOException closed) {
          refused = true;
        }
      }
      assertThat(refused).as("closed while resetting").isTrue();
      reader.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    engineStillAnswers();
  }

  private static void drained(Door door) {
    try {
      while (true) {
        door.next();
      }
    } catch (IOException closed) {
      // as expected
    }
  }

  @Test
  void messagesThatPromiseMoreThanTheLimitAreRefused() throws IOException {
    try (Door door = new Door("a")) {
      door.begin();
      door.call(1, "/moby.buildkit.v1.Control/Solve");
      door.frame(DATA, 0, 1, new byte[] {0, 0x7f, 0, 0, 0});
      door.answer(1);
      door.frame(PING, 0, 0, new byte[8]);
      door.call(3, "/moby.buildkit.v1.Control/Solve");
      door.frame(DATA, END_STREAM, 3, new byte[] {0, 0, 0, 0, 2, 0x12, 0x7f}); // cut off
      door.answer(3);
      door.call(5, "/moby.buildkit.v1.Control/Info");
      door.frame(DATA, END_STREAM, 5, EMPTY_MESSAGE);
      assertThat(door.answer(5)).contains("caisson");
    }
  }
}
