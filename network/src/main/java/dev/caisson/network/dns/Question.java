/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.dns;

/**
 * What a query asks, already proven sane. RFC 1035 section 4
 *
 * @param id chosen by the asker
 * @param name lower case, without the last dot; empty for the root
 * @param type 1 A, 28 AAAA, 12 PTR...
 * @param end where the question ends in the query, in bytes
 */
record Question(int id, boolean recursionDesired, String name, int type, int dnsClass, int end) {
  static final int A = 1;
  static final int PTR = 12;
  static final int AAAA = 28;
  static final int ANY = 255;
  static final int INTERNET = 1;

  private static final int HEADER = 12;
  private static final int LONGEST_NAME = 253;

  /**
   * Bytes that are no query we answer, and the code that says so; 0 when they deserve no answer.
   */
  static final class Refused extends Exception {
    private static final long serialVersionUID = 1L;
    private final int code;

    Refused(int code, String reason) {
      super(reason, null, false, false); // floods must not pay for stack traces
      this.code = code;
    }

    int code() {
      return code;
    }
  }

  /**
   * Parses a query of {@code length} bytes. A question needs no compression, so pointers are
   * refused, and with them every loop they could form.
   */
  static Question parse(byte[] query, int length) throws Refused {
    if (length < HEADER) {
      throw new Refused(0, "shorter than a header");
    }
    int flags = unsigned(query, 2);
    if ((flags & 0x8000) != 0) {
      throw new Refused(0, "an answer, not a query");
    }
    if ((flags & 0x7800) != 0) {
      throw new Refused(Answer.NOT_IMPLEMENTED, "not a standard query");
    }
    if (unsigned(query, 4) != 1) {
      throw new Refused(Answer.FORMAT_ERROR, "not one question");
    }
    StringBuilder name = new StringBuilder();
    int at = name(query, length, name);
    if (at + 4 > length) {
      throw new Refused(Answer.FORMAT_ERROR, "cut after the name");
    }
    return new Question(
        unsigned(query, 0),
        (flags & 0x0100) != 0,
        name.toString(),
        unsigned(query, at),
        unsigned(query, at + 2),
        at + 4);
  }

  /** Reads the labels of the name; answers where they end. */
  private static int name(byte[] query, int length, StringBuilder name) throws Refused {
    int at = HEADER;
    while (true) {
      int label = at < length ? query[at++] & 0xff : 64;
      if (label == 0) {
        return at;
      }
      if (label > 63 || at + label > length || name.length() + label > LONGEST_NAME) {
        throw new Refused(Answer.FORMAT_ERROR, "name too long, cut or compressed");
      }
      if (!name.isEmpty()) {
        name.append('.');
      }
      for (int i = 0; i < label; i++) {
        name.append(lower(query[at + i] & 0xff));
      }
      at += label;
    }
  }

  private static char lower(int letter) {
    return (char) (letter >= 'A' && letter <= 'Z' ? letter + 32 : letter);
  }

  private static int unsigned(byte[] bytes, int at) {
    return (bytes[at] & 0xff) << 8 | (bytes[at + 1] & 0xff);
  }
}
