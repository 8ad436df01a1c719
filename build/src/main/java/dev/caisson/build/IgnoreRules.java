/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * A {@code .dockerignore} file: the last pattern that matches a path or one of its parents decides.
 */
final class IgnoreRules {
  static final IgnoreRules NONE = new IgnoreRules(List.of());

  private final List<Rule> rules;

  private IgnoreRules(List<Rule> rules) {
    this.rules = rules;
  }

  private record Rule(Glob glob, boolean exception) {}

  static IgnoreRules parse(String text) {
    return new IgnoreRules(
        patterns(text).stream()
            .map(pattern ->
                pattern.startsWith("!")
                    ? new Rule(Glob.of(pattern.substring(1)), true)
                    : new Rule(Glob.of(pattern), false))
            .toList());
  }

  /** Its patterns without comments, cleaned, exceptions with their mark. */
  static List<String> patterns(String text) {
    List<String> patterns = new ArrayList<>();
    String plain = text.startsWith("\uFEFF") ? text.substring(1) : text;
    for (String line : plain.lines().toList()) {
      String pattern = line.strip();
      if (pattern.isEmpty() || line.startsWith("#")) {
        continue;
      }
      boolean exception = pattern.startsWith("!");
      patterns.add(exception ? "!" + clean(pattern.substring(1).strip()) : clean(pattern));
    }
    return List.copyOf(patterns);
  }

  static String clean(String pattern) {
    String path = pattern;
    while (path.startsWith("/") || path.startsWith("./")) {
      path = path.substring(path.indexOf('/') + 1);
    }
    // As Go's filepath.Clean; what climbs out of the context names nothing in it.
    return path.isEmpty() ? "." : Path.of(path).normalize().toString();
  }

  boolean ignores(String path) {
    boolean ignored = false;
    for (Rule rule : rules) {
      if (rule.exception() == ignored && rule.glob().matchesOrContains(path)) {
        ignored = !rule.exception();
      }
    }
    return ignored;
  }

  static boolean isGlob(String pattern) {
    return pattern.indexOf('*') >= 0 || pattern.indexOf('?') >= 0 || pattern.indexOf('[') >= 0;
  }

  /** Go's {@code filepath.Match}, with {@code **} for any number of directories. */
  record Glob(Pattern regex) {
    static Glob of(String pattern) {
      StringBuilder regex = new StringBuilder();
      for (int at = 0; at < pattern.length(); at++) {
        char c = pattern.charAt(at);
        switch (c) {
          case '*' -> {
            if (pattern.startsWith("**/", at)) {
              regex.append("(.*/)?");
              at += 2;
            } else if (pattern.startsWith("**", at)) {
              regex.append(".*");
              at++;
            } else {
              regex.append("[^/]*");
            }
          }
          case '?' -> regex.append("[^/]");
          case '[' -> {
            int end = pattern.indexOf(']', at + 2);
            if (end < 0) {
              throw new BuildException("the pattern '" + pattern + "' has a [ without its ]");
            }
            regex.append('[').append(set(pattern.substring(at + 1, end))).append(']');
            at = end;
          }
          case '\\' -> {
            if (at + 1 < pattern.length()) {
              regex.append(Pattern.quote(String.valueOf(pattern.charAt(++at))));
            }
          }
          default -> regex.append(Pattern.quote(String.valueOf(c)));
        }
      }
      return new Glob(Pattern.compile(regex.toString()));
    }

    /** Characters of a set, with what only Java's sets know made plain. */
    private static String set(String characters) {
      return characters.replace("\\", "\\\\").replace("[", "\\[").replace("&&", "\\&&");
    }

    boolean matches(String path) {
      return regex.matcher(path).matches();
    }

    /** True also for what lies below a directory that matches. */
    boolean matchesOrContains(String path) {
      for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
        if (matches(path.substring(0, slash))) {
          return true;
        }
      }
      return matches(path);
    }
  }
}
