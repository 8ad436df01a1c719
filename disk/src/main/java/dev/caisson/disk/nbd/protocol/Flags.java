/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.protocol;

/** The protocol's bit fields. Names follow the specification, without its prefixes. */
public final class Flags {
  private Flags() {}

  /** What server and client say in their first words. */
  public static final class Handshake {
    private Handshake() {}

    public static final int FIXED_NEWSTYLE = 1;
    public static final int NO_ZEROES = 1 << 1;
    public static final int ALL = FIXED_NEWSTYLE | NO_ZEROES;
  }

  /** What an export can do. */
  public static final class Transmission {
    private Transmission() {}

    public static final int HAS_FLAGS = 1;
    public static final int READ_ONLY = 1 << 1;
    public static final int SEND_FLUSH = 1 << 2;
    public static final int SEND_FUA = 1 << 3;
    public static final int SEND_TRIM = 1 << 5;
    public static final int SEND_WRITE_ZEROES = 1 << 6;
    public static final int SEND_DF = 1 << 7;
    public static final int CAN_MULTI_CONN = 1 << 8;
    public static final int SEND_CACHE = 1 << 10;
    public static final int SEND_FAST_ZERO = 1 << 11;
    static final int BLOCK_STATUS_PAYLOAD = 1 << 12;
  }

  /** How one request is to be carried out. */
  public static final class Command {
    private Command() {}

    public static final int FUA = 1;
    public static final int NO_HOLE = 1 << 1;
    public static final int DF = 1 << 2;
    public static final int REQ_ONE = 1 << 3;
    public static final int FAST_ZERO = 1 << 4;
    public static final int PAYLOAD_LEN = 1 << 5;
  }

  /** What {@code base:allocation} says of a range. */
  public static final class State {
    private State() {}

    public static final int HOLE = 1;
    public static final int ZERO = 1 << 1;
  }

  /** What a dirty bitmap's context says of a range. */
  public static final int DIRTY = 1;

  /** Set on the last chunk of a reply. */
  public static final int REPLY_DONE = 1;
}
