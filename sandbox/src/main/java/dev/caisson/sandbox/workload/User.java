/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import dev.caisson.sandbox.SandboxException;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Who runs a process: names are looked up in the root file system's own /etc/passwd and /etc/group.
 *
 * @param user a name or a decimal number of 0 to 2,147,483,647
 * @param group the same, or empty for the user's own
 * @param additional further groups, each a name or a number
 */
public record User(String user, String group, List<String> additional) {
  // A name that starts with a digit or a sign is a number that went wrong, and must not become one.
  private static final Pattern NAME = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_.-]{0,255}\\$?");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,10}");

  // After the patterns its constructor checks with.
  public static final User ROOT = new User("0", "", List.of());

  public User {
    additional = List.copyOf(additional);
    check(user);
    if (!group.isEmpty()) {
      check(group);
    }
    additional.forEach(User::check);
  }

  private static void check(String text) {
    if (isNumber(text)) {
      if (Long.parseLong(text) > Integer.MAX_VALUE) {
        throw SandboxException.invalid("user or group " + text, "must be 0 to 2147483647");
      }
    } else if (!NAME.matcher(text).matches()) {
      throw SandboxException.invalid(
          "user or group \"" + text + "\"", "is neither a name nor a number");
    }
  }

  /** Whether a user or group is given by number. */
  public static boolean isNumber(String text) {
    return NUMBER.matcher(text).matches();
  }

  /** Reads Docker's form: {@code name|uid[:group|gid]}; empty text is the root user. */
  public static User parse(String text) {
    if (text.isEmpty()) {
      return ROOT;
    }
    int colon = text.indexOf(':');
    if (colon < 0) {
      return new User(text, "", List.of());
    }
    String user = colon == 0 ? "0" : text.substring(0, colon);
    return new User(user, text.substring(colon + 1), List.of());
  }

  public User withAdditional(List<String> groups) {
    return new User(user, group, groups);
  }
}
