/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.registry;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One way a server offers to authenticate. RFC 9110, 11.6.1
 *
 * @param scheme lower case, such as {@code bearer}
 * @param parameters by lower-case name
 */
record Challenge(String scheme, Map<String, String> parameters) {
  private static final int MAX_LENGTH = 16 << 10;
  private static final int MAX_CHALLENGES = 16;

  Challenge {
    parameters = Map.copyOf(parameters);
  }

  /** The challenges of {@code WWW-Authenticate} headers; malformed ones are left out. */
  static List<Challenge> parse(List<String> headers) {
    var challenges = new ArrayList<Challenge>();
    for (var header : headers) {
      if (header.length() <= MAX_LENGTH) {
        new Scanner(header).challenges(challenges);
      }
    }
    return challenges;
  }

  static Optional<Challenge> ofScheme(List<Challenge> challenges, String scheme) {
    return challenges.stream().filter(c -> c.scheme().equals(scheme)).findFirst();
  }

  Optional<String> parameter(String name) {
    return Optional.ofNullable(parameters.get(name));
  }

  private static final class Scanner {
    private final String text;
    private int position;

    Scanner(String text) {
      this.text = text;
    }

    void challenges(List<Challenge> found) {
      skip(" \t,");
      while (position < text.length() && found.size() < MAX_CHALLENGES) {
        var scheme = token();
        if (scheme.isEmpty()) {
          return; // what follows cannot be told apart any more
        }
        found.add(new Challenge(scheme.toLowerCase(Locale.ROOT), parameters()));
        skip(" \t,");
      }
    }

    // Ends before a token without "=", which is the next scheme.
    private Map<String, String> parameters() {
      var parameters = new TreeMap<String, String>();
      while (true) {
        skip(" \t,");
        int start = position;
        var name = token();
        skip(" \t");
        if (name.isEmpty() || !take('=')) {
          position = start;
          return parameters;
        }
        skip(" \t");
        var value = take('"') ? quoted() : token();
        parameters.putIfAbsent(name.toLowerCase(Locale.ROOT), value);
      }
    }

    private String quoted() {
      var value = new StringBuilder();
      while (position < text.length()) {
        char c = text.charAt(position++);
        if (c == '"') {
          return value.toString();
        }
        if (c == '\\' && position < text.length()) {
          c = text.charAt(position++);
        }
        value.append(c);
      }
      return value.toString();
    }

    private String token() {
      int start = position;
      while (position < text.length() && tokenCharacter(text.charAt(position))) {
        position++;
      }
      return text.substring(start, position);
    }

    private static boolean tokenCharacter(char c) {
      return c > ' ' && c < 0x7f && "\"(),;<=>?@[\\]{}".indexOf(c) < 0;
    }

    private boolean take(char wanted) {
      if (position < text.length() && text.charAt(position) == wanted) {
        position++;
        return true;
      }
      return false;
    }

    private void skip(String characters) {
      while (position < text.length() && characters.indexOf(text.charAt(position)) >= 0) {
        position++;
      }
    }
  }
}
