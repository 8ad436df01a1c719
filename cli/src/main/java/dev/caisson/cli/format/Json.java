/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.format;

import java.util.Collection;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Writes plain values (maps, collections, texts, numbers, booleans, null) as JSON. */
public final class Json {
  private static final String INDENT = "    ";

  private Json() {}

  /** On one line. */
  public static String compact(@Nullable Object value) {
    var text = new StringBuilder();
    write(text, value, "", false);
    return text.toString();
  }

  /** Indented as docker inspect does. */
  public static String pretty(@Nullable Object value) {
    var text = new StringBuilder();
    write(text, value, "", true);
    return text.toString();
  }

  private static void write(
      StringBuilder out, @Nullable Object value, String indent, boolean pretty) {
    switch (value) {
      case null -> out.append("null");
      case Map<?, ?> map -> {
        var parts = map.entrySet();
        open(out, '{', parts.isEmpty(), indent, pretty);
        var separator = "";
        for (var entry : parts) {
          out.append(separator);
          quote(out, String.valueOf(entry.getKey()));
          out.append(pretty ? ": " : ":");
          write(out, entry.getValue(), indent + INDENT, pretty);
          separator = pretty ? ",\n" + indent + INDENT : ",";
        }
        close(out, '}', parts.isEmpty(), indent, pretty);
      }
      case Collection<?> list -> {
        open(out, '[', list.isEmpty(), indent, pretty);
        var separator = "";
        for (var element : list) {
          out.append(separator);
          write(out, element, indent + INDENT, pretty);
          separator = pretty ? ",\n" + indent + INDENT : ",";
        }
        close(out, ']', list.isEmpty(), indent, pretty);
      }
      case Number number -> out.append(number);
      case Boolean truth -> out.append(truth);
      default -> quote(out, value.toString());
    }
  }

  private static void open(
      StringBuilder out, char bracket, boolean empty, String indent, boolean pretty) {
    out.append(bracket);
    if (pretty && !empty) {
      out.append('\n').append(indent).append(INDENT);
    }
  }

  private static void close(
      StringBuilder out, char bracket, boolean empty, String indent, boolean pretty) {
    if (pretty && !empty) {
      out.append('\n').append(indent);
    }
    out.append(bracket);
  }

  private static void quote(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        case '\r' -> out.append("\\r");
        case '\t' -> out.append("\\t");
        default -> {
          if (c < 0x20 || c == 0x7f || c == '\u2028' || c == '\u2029') {
            out.append(String.format("\\u%04x", (int) c));
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }
}
