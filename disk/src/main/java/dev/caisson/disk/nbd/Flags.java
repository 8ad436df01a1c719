/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

/** The protocol's bit fields. Names follow the specification, without its prefixes. */
final class Flags {
  private Flags() {}

  /** What server and client say in their first words. */
  static final class Handshake {
    private Handshake() {}

    static final int FIXED_NEWSTYLE = 1;
    static final int NO_ZEROES = 1 << 1;
    static final int ALL = FIXED_NEWSTYLE | NO_ZEROES;
  }

  /** What an export can do. */
  static final class Transmission {
    private Transmission() {}

    static final int HAS_FLAGS = 1;
    static final int READ_ONLY = 1 << 1;
    static final int SEND_FLUSH = 1 << 2;
    static final int SEND_FUA = 1 << 3;
    static final int SEND_TRIM = 1 << 5;
    static final int SEND_WRITE_ZEROES = 1 << 6;
    static final int SEND_DF = 1 << 7;
    static final int CAN_MULTI_CONN = 1 << 8;
    static final int SEND_CACHE = 1 << 10;
    static final int SEND_FAST_ZERO = 1 << 11;
    static final int BLOCK_STATUS_PAYLOAD = 1 << 12;
  }

  /** How one request is to be carried out. */
  static final class Command {
    private Command() {}

    static final int FUA = 1;
    static final int NO_HOLE = 1 << 1;
    static final int DF = 1 << 2;
    static final int REQ_ONE = 1 << 3;
    static final int FAST_ZERO = 1 << 4;
    static final int PAYLOAD_LEN = 1 << 5;
  }

  /** What {@code base:allocation} says of a range. */
  static final class State {
    private State() {}

    static final int HOLE = 1;
    static final int ZERO = 1 << 1;
  }

  /** What a dirty bitmap's context says of a range. */
  static final int DIRTY = 1;

  /** Set on the last chunk of a reply. */
  static final int REPLY_DONE = 1;
}
