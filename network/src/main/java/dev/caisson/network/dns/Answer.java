/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.dns;

import java.io.ByteArrayOutputStream;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Answers as bytes. Pure. RFC 1035 section 4 */
final class Answer {
  static final int NO_ERROR = 0;
  static final int FORMAT_ERROR = 1;
  static final int SERVER_FAILURE = 2;
  static final int NO_SUCH_NAME = 3;
  static final int NOT_IMPLEMENTED = 4;
  static final int REFUSED = 5;

  private static final int RESPONSE_AND_RECURSION = 0x8080;
  private static final int AUTHORITATIVE = 0x0400;
  private static final int RECURSION_DESIRED = 0x0100;
  private static final int POINTER_TO_QUESTION = 0xc00c;
  private static final int SECONDS_TO_LIVE = 5; // names move with their containers
  private static final int MOST_RECORDS = 25; // of 16 bytes, stays within 512

  private Answer() {}

  /** Addresses of the type asked for; none at all says that the name has no such record. */
  static byte[] addresses(byte[] query, Question question, List<InetAddress> addresses) {
    List<InetAddress> some = addresses.subList(0, Math.min(MOST_RECORDS, addresses.size()));
    ByteArrayOutputStream out = start(query, question, NO_ERROR, some.size());
    for (InetAddress address : some) {
      byte[] bytes = address.getAddress();
      record(out, bytes.length == 4 ? Question.A : Question.AAAA, bytes);
    }
    return out.toByteArray();
  }

  /** The name that an address belongs to. */
  static byte[] name(byte[] query, Question question, String name) {
    ByteArrayOutputStream encoded = new ByteArrayOutputStream();
    for (String label : name.split("\\.")) {
      byte[] bytes = label.getBytes(StandardCharsets.US_ASCII);
      encoded.write(bytes.length);
      encoded.writeBytes(bytes);
    }
    encoded.write(0);
    ByteArrayOutputStream out = start(query, question, NO_ERROR, 1);
    record(out, Question.PTR, encoded.toByteArray());
    return out.toByteArray();
  }

  /** An answer with a code and the question alone. */
  static byte[] code(byte[] query, Question question, int code) {
    return start(query, question, code, 0).toByteArray();
  }

  /** An answer to bytes whose question could not be read: a header only. */
  static byte[] unreadable(byte[] query, int code) {
    byte[] header = new byte[12];
    header[0] = query[0];
    header[1] = query[1];
    header[2] = (byte) 0x80;
    header[3] = (byte) code;
    return header;
  }

  private static ByteArrayOutputStream start(
      byte[] query, Question question, int code, int answers) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(128);
    int desired = question.recursionDesired() ? RECURSION_DESIRED : 0;
    put16(out, question.id());
    put16(out, RESPONSE_AND_RECURSION | AUTHORITATIVE | desired | code);
    put16(out, 1);
    put16(out, answers);
    put16(out, 0);
    put16(out, 0);
    out.write(query, 12, question.end() - 12);
    return out;
  }

  private static void record(ByteArrayOutputStream out, int type, byte[] data) {
    put16(out, POINTER_TO_QUESTION);
    put16(out, type);
    put16(out, Question.INTERNET);
    put16(out, 0);
    put16(out, SECONDS_TO_LIVE);
    put16(out, data.length);
    out.writeBytes(data);
  }

  private static void put16(ByteArrayOutputStream out, int value) {
    out.write(value >> 8);
    out.write(value);
  }
}
