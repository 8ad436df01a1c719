/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

/** What a server answers to an {@link Option}. */
final class OptionReply {
  private OptionReply() {}

  static final int ACK = 1;
  static final int SERVER = 2;
  static final int INFO = 3;
  static final int META_CONTEXT = 4;

  /** Every error has this bit; its data is a message for people. */
  static final int ERROR = 1 << 31;

  static final int ERR_UNSUP = ERROR | 1;
  static final int ERR_POLICY = ERROR | 2;
  static final int ERR_INVALID = ERROR | 3;
  static final int ERR_TLS_REQD = ERROR | 5;
  static final int ERR_UNKNOWN = ERROR | 6;
  static final int ERR_SHUTDOWN = ERROR | 7;
  static final int ERR_TOO_BIG = ERROR | 9;
  static final int ERR_EXT_HEADER_REQD = ERROR | 10;

  /** Kinds of {@link #INFO}. */
  static final int INFO_EXPORT = 0;

  static final int INFO_NAME = 1;
  static final int INFO_DESCRIPTION = 2;
  static final int INFO_BLOCK_SIZE = 3;
}
