/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.remote;

/**
 * What a remote engine and its caller say to each other: one byte of kind, four of length
 * (big-endian), then so many bytes. One call a connection:
 *
 * <pre>
 * caller: CALL, an ARGUMENT for each that is data, then INPUT... INPUT_END or SIZE as they come
 * engine: PROGRESS OUTPUT TAKEN as they come, then VALUE or FAILURE
 *         after the VALUE of a feed:   ELEMENT or OUTPUT..., END
 *         after the VALUE of a future: ELEMENT or FAILURE
 * </pre>
 *
 * <p>Values are JSON as {@code RecordCodec} writes it. Closing the connection gives the call up.
 *
 * @param body the reader's own copy
 */
@SuppressWarnings("ArrayRecordComponent") // moved once, never compared
record Frame(byte kind, byte[] body) {
  static final byte CALL = 'C';
  static final byte ARGUMENT = 'A';
  static final byte INPUT = 'I';
  static final byte INPUT_END = 'E';
  static final byte SIZE = 'S';

  static final byte PROGRESS = 'p';
  static final byte OUTPUT = 'o';
  static final byte TAKEN = 't';
  static final byte VALUE = 'v';
  static final byte ELEMENT = 'e';
  static final byte END = 'z';
  static final byte FAILURE = 'f';

  static final byte[] NOTHING = {};

  /** Bytes of a piece of a stream. */
  static final int PIECE = 64 << 10;

  /** Pieces of input under way that the engine has not taken yet. */
  static final int WINDOW = 8;
}
