/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.format;

import java.util.ArrayList;
import java.util.List;

/** The words of one action of a template, what stands between two pairs of braces. */
final class TemplateWords {
  private static final String MARKS = "()|,";

  private final String text;
  private int at;

  private TemplateWords(String text) {
    this.text = text;
  }

  /** Texts keep their opening quote, as mark of what they are; escapes in them are resolved. */
  static List<String> of(String action) {
    var words = new TemplateWords(action);
    var found = new ArrayList<String>();
    while (words.skipSpace()) {
      found.add(words.next());
    }
    return found;
  }

  private boolean skipSpace() {
    while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
      at++;
    }
    return at < text.length();
  }

  private String next() {
    char first = text.charAt(at);
    if (first == '"' || first == '`') {
      return quoted(first);
    }
    if (MARKS.indexOf(first) >= 0) {
      at++;
      return String.valueOf(first);
    }
    if (text.startsWith(":=", at)) {
      at += 2;
      return ":=";
    }
    int start = at;
    while (at < text.length() && !ends(text.charAt(at))) {
      at++;
    }
    if (at == start) {
      throw TemplateException.unreadable("unexpected " + first + " in command");
    }
    return text.substring(start, at);
  }

  private boolean ends(char letter) {
    return Character.isWhitespace(letter)
        || MARKS.indexOf(letter) >= 0
        || letter == '"'
        || letter == '`'
        || text.startsWith(":=", at);
  }

  private String quoted(char quote) {
    var word = new StringBuilder("\"");
    for (at++; at < text.length() && text.charAt(at) != quote; at++) {
      char letter = text.charAt(at);
      if (letter == '\\' && quote == '"' && at + 1 < text.length()) {
        letter = escaped(text.charAt(++at));
      }
      word.append(letter);
    }
    if (at == text.length()) {
      throw TemplateException.unreadable("unterminated quoted string");
    }
    at++;
    return word.toString();
  }

  private static char escaped(char letter) {
    return switch (letter) {
      case 'n' -> '\n';
      case 't' -> '\t';
      case 'r' -> '\r';
      default -> letter;
    };
  }
}
