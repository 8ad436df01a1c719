/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.protocol;

/** What a server answers to an {@link Option}. */
public final class OptionReply {
  private OptionReply() {}

  public static final int ACK = 1;
  public static final int SERVER = 2;
  public static final int INFO = 3;
  public static final int META_CONTEXT = 4;

  /** Every error has this bit; its data is a message for people. */
  public static final int ERROR = 1 << 31;

  public static final int ERR_UNSUP = ERROR | 1;
  public static final int ERR_POLICY = ERROR | 2;
  public static final int ERR_INVALID = ERROR | 3;
  public static final int ERR_TLS_REQD = ERROR | 5;
  public static final int ERR_UNKNOWN = ERROR | 6;
  public static final int ERR_SHUTDOWN = ERROR | 7;
  public static final int ERR_TOO_BIG = ERROR | 9;
  public static final int ERR_EXT_HEADER_REQD = ERROR | 10;

  /** Kinds of {@link #INFO}. */
  public static final int INFO_EXPORT = 0;

  public static final int INFO_NAME = 1;
  public static final int INFO_DESCRIPTION = 2;
  public static final int INFO_BLOCK_SIZE = 3;
}
