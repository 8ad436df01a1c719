/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import java.util.regex.Pattern;

/**
 * The mode that {@code --chmod} gives, octal or as {@code u=rwX,go=rX}. chmod(1), Dockerfile
 * reference, COPY --chmod
 */
final class FileMode {
  private static final Pattern OCTAL = Pattern.compile("[0-7]{1,4}");
  private static final Pattern CLAUSE = Pattern.compile("([ugoa]*)([-+=])([rwxXst]*)");

  private final String text;

  private FileMode(String text) {
    this.text = text;
  }

  static FileMode parse(String text) {
    if (!OCTAL.matcher(text).matches()) {
      for (String clause : text.split(",", -1)) {
        if (!CLAUSE.matcher(clause).matches()) {
          throw new BuildException(
              "--chmod takes a mode such as 0755 or u=rwX,go=rX, not '" + text + "'");
        }
      }
    }
    return new FileMode(text);
  }

  /** The new permission bits of a file that had {@code mode}. */
  int of(int mode, boolean directory) {
    if (OCTAL.matcher(text).matches()) {
      return Integer.parseInt(text, 8);
    }
    int result = mode & 07777;
    for (String clause : text.split(",", -1)) {
      var parts = CLAUSE.matcher(clause);
      if (parts.matches()) {
        result = changed(result, parts.group(1), parts.group(2), parts.group(3), directory);
      }
    }
    return result;
  }

  private static int changed(int mode, String who, String how, String what, boolean directory) {
    int scope = who.isEmpty() ? 07777 : 0;
    for (int i = 0; i < who.length(); i++) {
      scope |=
          switch (who.charAt(i)) {
            case 'u' -> 04700;
            case 'g' -> 02070;
            case 'o' -> 01007;
            default -> 07777;
          };
    }
    int bits = 0;
    for (int i = 0; i < what.length(); i++) {
      bits |=
          switch (what.charAt(i)) {
            case 'r' -> 0444;
            case 'w' -> 0222;
            case 'x' -> 0111;
            case 'X' -> directory || (mode & 0111) != 0 ? 0111 : 0;
            case 's' -> 06000;
            default -> 01000;
          };
    }
    return switch (how) {
      case "+" -> mode | bits & scope;
      case "-" -> mode & ~(bits & scope);
      default -> mode & ~scope | bits & scope;
    };
  }

  @Override
  public String toString() {
    return text;
  }
}
