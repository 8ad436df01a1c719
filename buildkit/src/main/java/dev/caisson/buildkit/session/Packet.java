/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.session;

import dev.caisson.buildkit.wire.ProtoException;
import dev.caisson.buildkit.wire.ProtoReader;
import dev.caisson.buildkit.wire.ProtoWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** What the two sides of a directory transfer say to one another: fsutil's {@code Packet}. */
sealed interface Packet {
  int STAT = 0;
  int REQUEST = 1;
  int DATA = 2;
  int FIN = 3;
  int ERROR = 4;

  /** There is a file. They are numbered from 0 as they come. */
  record Stat(FileStat file) implements Packet {}

  /** There are no more files. */
  record LastStat() implements Packet {}

  /** Send the contents of file {@code id}. */
  record Request(int id) implements Packet {}

  /** A piece of file {@code id}; an empty one ends it. */
  @SuppressWarnings("ArrayRecordComponent") // moved once, never compared
  record Data(int id, byte[] bytes) implements Packet {}

  /** Everything is there. */
  record Fin() implements Packet {}

  /** It cannot go on. */
  record Failure(String message) implements Packet {}

  /**
   * @throws ProtoException for anything else
   */
  static Packet parse(byte[] message) {
    var in = new ProtoReader(message);
    long type = STAT;
    FileStat file = null;
    int id = 0;
    byte[] data = {};
    while (in.next()) {
      switch (in.field()) {
        case 1 -> type = in.number();
        case 2 -> file = FileStat.parse(in.message());
        case 3 -> id = (int) in.number();
        case 4 -> data = in.bytes();
        default -> {}
      }
    }
    return switch (Math.clamp(type, -1, Integer.MAX_VALUE)) {
      case STAT -> file == null ? new LastStat() : new Stat(file);
      case REQUEST -> new Request(id);
      case DATA -> new Data(id, data);
      case FIN -> new Fin();
      case ERROR -> new Failure(new String(data, StandardCharsets.UTF_8));
      default -> throw new ProtoException("a packet of type " + type);
    };
  }

  default byte[] toBytes() {
    var out = new ProtoWriter();
    return switch (this) {
      case Stat(FileStat file) -> out.message(2, file.write()).toBytes();
      case LastStat() -> out.toBytes();
      case Request(int id) ->
          out.number(1, REQUEST).number(3, Integer.toUnsignedLong(id)).toBytes();
      case Data(int id, byte[] bytes) ->
          out.number(1, DATA).number(3, Integer.toUnsignedLong(id)).bytes(4, bytes).toBytes();
      case Fin() -> out.number(1, FIN).toBytes();
      case Failure(String message) -> out.number(1, ERROR).text(4, message).toBytes();
    };
  }

  /** A piece of {@code buffer}. */
  static Data piece(int id, byte[] buffer, int length) {
    return new Data(id, Arrays.copyOf(buffer, length));
  }
}
