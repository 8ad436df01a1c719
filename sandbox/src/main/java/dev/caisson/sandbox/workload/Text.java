/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import dev.caisson.sandbox.SandboxException;

/** What text must be before it may reach a kernel interface. */
final class Text {
  private Text() {}

  /** Refuses NUL, line ends and more than so many characters. */
  static void check(String subject, String value, int limit) {
    if (value.length() > limit) {
      throw SandboxException.invalid(subject, "is longer than " + limit + " characters");
    }
    checkNoNul(subject, value);
    if (value.indexOf('\n') >= 0) {
      throw SandboxException.invalid(subject, "contains a line end");
    }
  }

  static void checkNoNul(String subject, String value) {
    if (value.indexOf('\0') >= 0) {
      throw SandboxException.invalid(subject, "contains a NUL character");
    }
  }

  /** Refuses what is not an absolute path inside the sandbox. */
  static void checkInnerPath(String subject, String path) {
    checkNoNul(subject, path);
    if (!path.startsWith("/") || path.length() > 4095) {
      throw SandboxException.invalid(
          subject + " \"" + path + "\"", "must be an absolute path of at most 4095 bytes");
    }
  }
}
