/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build.dockerfile;

import java.util.ArrayList;
import java.util.List;

/**
 * Splits a line into words as a shell does, leaving quotes, escapes and variables in them for
 * {@link Expansion}.
 */
final class Words {
  private Words() {}

  static List<String> split(String text, char escape) {
    List<String> words = new ArrayList<>();
    int at = 0;
    while (at < text.length()) {
      if (Character.isWhitespace(text.charAt(at))) {
        at++;
        continue;
      }
      int end = endOfWord(text, at, escape);
      words.add(text.substring(at, end));
      at = end;
    }
    return List.copyOf(words);
  }

  /** Where the word that starts at {@code start} ends: at white space outside quotes. */
  static int endOfWord(String text, int start, char escape) {
    char quote = 0;
    int at = start;
    while (at < text.length()) {
      char c = text.charAt(at);
      if (c == escape && quote != '\'' && at + 1 < text.length()) {
        at += 2;
        continue;
      }
      if (quote == 0 && Character.isWhitespace(c)) {
        return at;
      }
      if (quote == 0 && (c == '"' || c == '\'')) {
        quote = c;
      } else if (c == quote) {
        quote = 0;
      }
      at++;
    }
    return at;
  }
}
