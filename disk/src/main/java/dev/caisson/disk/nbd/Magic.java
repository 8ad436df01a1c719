/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd;

/** The numbers that open each kind of message. */
final class Magic {
  private Magic() {}

  /** "NBDMAGIC": a server says hello. */
  static final long SERVER = 0x4e42_444d_4147_4943L;

  /** "IHAVEOPT": this is newstyle, and each option starts with it. */
  static final long OPTION = 0x4948_4156_454f_5054L;

  static final long OPTION_REPLY = 0x0003_e889_0455_65a9L;
  static final int REQUEST = 0x2560_9513;
  static final int SIMPLE_REPLY = 0x6744_6698;
  static final int STRUCTURED_REPLY = 0x668e_33ef;
  static final int EXTENDED_REQUEST = 0x21e4_1c71;
  static final int EXTENDED_REPLY = 0x6e8a_278c;
}
