/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.protocol;

/** The numbers that open each kind of message. */
public final class Magic {
  private Magic() {}

  /** "NBDMAGIC": a server says hello. */
  public static final long SERVER = 0x4e42_444d_4147_4943L;

  /** "IHAVEOPT": this is newstyle, and each option starts with it. */
  public static final long OPTION = 0x4948_4156_454f_5054L;

  public static final long OPTION_REPLY = 0x0003_e889_0455_65a9L;
  static final int REQUEST = 0x2560_9513;
  public static final int SIMPLE_REPLY = 0x6744_6698;
  public static final int STRUCTURED_REPLY = 0x668e_33ef;
  static final int EXTENDED_REQUEST = 0x21e4_1c71;
  public static final int EXTENDED_REPLY = 0x6e8a_278c;
}
