/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.dialog;

import dev.caisson.cli.console.Console;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What a caller wants.
 *
 * <pre>
 * byte version | byte terminals (bit n: descriptor n is one) | short rows | short columns
 * int arguments | int variables | arguments, variables, directory: each ending with NUL
 * </pre>
 */
record Request(
    List<String> arguments,
    Map<String, String> environment,
    Path directory,
    int terminals,
    Console.Size size) {
  private static final byte VERSION = 1;
  private static final int MOST = 100_000;

  /**
   * @throws IOException when it is not of this form
   */
  static Request parse(ByteBuffer body) throws IOException {
    if (body.remaining() < 14 || body.get() != VERSION) {
      throw new IOException("another version of the front end; reinstall Caisson");
    }
    int terminals = body.get();
    var size =
        new Console.Size(
            Short.toUnsignedInt(body.getShort()), Short.toUnsignedInt(body.getShort()));
    int arguments = body.getInt();
    int variables = body.getInt();
    if (arguments < 0 || arguments > MOST || variables < 0 || variables > MOST) {
      throw new IOException("request of " + arguments + " arguments, " + variables + " variables");
    }
    var words = texts(body, arguments);
    var environment = new LinkedHashMap<String, String>();
    for (var entry : texts(body, variables)) {
      int equals = entry.indexOf('=');
      if (equals > 0) {
        environment.put(entry.substring(0, equals), entry.substring(equals + 1));
      }
    }
    return new Request(words, environment, Path.of(text(body)), terminals, size);
  }

  private static List<String> texts(ByteBuffer body, int count) throws IOException {
    var texts = new ArrayList<String>();
    for (int i = 0; i < count; i++) {
      texts.add(text(body));
    }
    return texts;
  }

  private static String text(ByteBuffer body) throws IOException {
    int start = body.position();
    while (body.hasRemaining()) {
      if (body.get() == 0) {
        var bytes = new byte[body.position() - 1 - start];
        body.get(start, bytes);
        return new String(bytes, StandardCharsets.UTF_8);
      }
    }
    throw new IOException("request cut short");
  }
}
