/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.stub;

import dev.caisson.launch.Bytes;
import dev.caisson.launch.LaunchException;
import java.nio.ByteBuffer;

/** What a monitor and its clients say to each other. docs/monitor.md */
public sealed interface Frame {
  int HEADER_SIZE = 8;

  /** Longest payload either side sends, in bytes. */
  int MAX_PAYLOAD = 16384;

  /**
   * Output of the workload.
   *
   * @param stream 1 or 2
   */
  record Output(int stream, Bytes bytes) implements Frame {}

  /** How far a workload is. */
  enum Phase {
    CREATED(0),
    RUNNING(1),
    EXITED(2);

    private final int number;

    Phase(int number) {
      this.number = number;
    }
  }

  /**
   * @param lostLogBytes what could not be logged, for lack of space for example
   */
  record State(Phase phase, int pid, int code, long lostLogBytes) implements Frame {}

  /**
   * Whether a request worked.
   *
   * @param errno 0: it did
   */
  record Answer(int errno) implements Frame {}

  /**
   * @param signal what ended it, 0: none
   */
  record Exited(int code, int signal, boolean outOfMemory) implements Frame {}

  /** Asks for output and the end. */
  record Attach(boolean output, boolean errors) implements Frame {}

  /** Bytes for the workload's standard input. */
  record Input(Bytes bytes) implements Frame {}

  /** The end of standard input, once what was sent before is read. */
  record EndInput() implements Frame {}

  /** A new terminal size. Answered. */
  record Resize(int columns, int rows) implements Frame {}

  /** A signal for the workload's first process. Answered. */
  record Signal(int number) implements Frame {}

  /** Asks for {@link State}. */
  record Query() implements Frame {}

  /** This frame as bytes: type, three zeros, the payload's length, the payload. */
  default byte[] encode() {
    return switch (this) {
      case Output output -> frame(output.stream(), output.bytes().toArray());
      case State state ->
          frame(
              'S',
              ints(state.phase().number, state.pid(), state.code(), (int) state.lostLogBytes()));
      case Answer answer -> frame('A', ints(answer.errno()));
      case Exited exited ->
          frame('X', ints(exited.code(), exited.signal(), exited.outOfMemory() ? 1 : 0));
      case Attach attach ->
          frame('a', new byte[] {(byte) ((attach.output() ? 1 : 0) | (attach.errors() ? 2 : 0))});
      case Input input -> frame('i', input.bytes().toArray());
      case EndInput end -> frame('e', new byte[0]);
      case Resize size -> frame('r', ints(size.columns() << 16 | size.rows()));
      case Signal signal -> frame('s', ints(signal.number()));
      case Query query -> frame('q', new byte[0]);
    };
  }

  /**
   * Reads one frame.
   *
   * @throws LaunchException MALFORMED_BYTES: an unknown type or a payload of the wrong size
   */
  static Frame decode(int type, byte[] payload) {
    ByteBuffer in = ByteBuffer.wrap(payload);
    return switch (type) {
      case 1, 2 -> new Output(type, Bytes.of(payload));
      case 'S' -> {
        expect(payload, 16);
        int phase = in.getInt();
        if (phase < 0 || phase >= Phase.values().length) {
          throw malformed("phase " + phase);
        }
        yield new State(
            Phase.values()[phase], in.getInt(), in.getInt(), Integer.toUnsignedLong(in.getInt()));
      }
      case 'A' -> {
        expect(payload, 4);
        yield new Answer(in.getInt());
      }
      case 'X' -> {
        expect(payload, 12);
        yield new Exited(in.getInt(), in.getInt(), in.getInt() != 0);
      }
      case 'a' -> {
        expect(payload, 1);
        yield new Attach((payload[0] & 1) != 0, (payload[0] & 2) != 0);
      }
      case 'i' -> new Input(Bytes.of(payload));
      case 'e' -> new EndInput();
      case 'r' -> {
        expect(payload, 4);
        yield new Resize(Short.toUnsignedInt(in.getShort()), Short.toUnsignedInt(in.getShort()));
      }
      case 's' -> {
        expect(payload, 4);
        yield new Signal(in.getInt());
      }
      case 'q' -> new Query();
      default -> throw malformed("type " + type);
    };
  }

  private static byte[] frame(int type, byte[] payload) {
    return ByteBuffer.allocate(HEADER_SIZE + payload.length)
        .putInt(type << 24)
        .putInt(payload.length)
        .put(payload)
        .array();
  }

  private static byte[] ints(int... words) {
    ByteBuffer out = ByteBuffer.allocate(4 * words.length);
    for (int word : words) {
      out.putInt(word);
    }
    return out.array();
  }

  private static void expect(byte[] payload, int size) {
    if (payload.length != size) {
      throw malformed(payload.length + " bytes in place of " + size);
    }
  }

  private static LaunchException malformed(String reason) {
    return new LaunchException(
        LaunchException.Kind.MALFORMED_BYTES, "monitor frame with " + reason);
  }
}
