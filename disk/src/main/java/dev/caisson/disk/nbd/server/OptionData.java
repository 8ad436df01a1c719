/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * The data that came with an option, read field by field; each field is checked before it is used.
 */
final class OptionData {
  /** Strings longer than this are against the protocol. */
  private static final int LONGEST = 4096;

  private final ByteBuffer bytes;

  OptionData(ByteBuffer bytes) {
    this.bytes = bytes;
  }

  /** The data is not what the option asks for; the connection goes on. */
  static final class Invalid extends Exception {
    private static final long serialVersionUID = 1;

    Invalid(String message) {
      super(message);
    }
  }

  /** What GO and INFO carry: an export's name and the information wanted. */
  record Wanted(String export, List<Integer> information) {}

  /** What the two metadata options carry. */
  record Queries(String export, List<String> queries) {}

  Wanted wanted() throws Invalid {
    String export = string();
    int count = Short.toUnsignedInt(take(2).getShort());
    var information = new ArrayList<Integer>();
    for (int i = 0; i < count; i++) {
      information.add(Short.toUnsignedInt(take(2).getShort()));
    }
    end();
    return new Wanted(export, information);
  }

  Queries queries() throws Invalid {
    String export = string();
    long count = Integer.toUnsignedLong(take(4).getInt());
    var queries = new ArrayList<String>();
    for (long i = 0; i < count; i++) { // Each takes four bytes at least, so the data ends the loop.
      queries.add(string());
    }
    end();
    return new Queries(export, queries);
  }

  void end() throws Invalid {
    if (bytes.hasRemaining()) {
      throw new Invalid(bytes.remaining() + " bytes too many");
    }
  }

  /** All that is left, as an export's name. */
  String name() throws Invalid {
    return text(bytes.remaining());
  }

  private String string() throws Invalid {
    return text(Integer.toUnsignedLong(take(4).getInt()));
  }

  private String text(long length) throws Invalid {
    if (length > LONGEST || length > bytes.remaining()) {
      throw new Invalid("a text of " + length + " bytes");
    }
    var slice = bytes.slice(bytes.position(), (int) length);
    bytes.position(bytes.position() + (int) length);
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(slice).toString();
    } catch (CharacterCodingException e) {
      throw new Invalid("a text that is not UTF-8");
    }
  }

  private ByteBuffer take(int count) throws Invalid {
    if (bytes.remaining() < count) {
      throw new Invalid("cut off");
    }
    return bytes;
  }
}
