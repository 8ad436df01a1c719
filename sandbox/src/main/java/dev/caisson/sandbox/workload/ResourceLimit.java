/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import dev.caisson.sandbox.SandboxException;
import java.util.Set;

/**
 * One limit of setrlimit(2).
 *
 * @param name as Docker spells it: "nofile", "core", ...
 * @param soft a number, or -1 for no limit
 * @param hard a number not below soft, or -1 for no limit
 */
public record ResourceLimit(String name, long soft, long hard) {
  private static final Set<String> NAMES =
      Set.of(
          "as",
          "core",
          "cpu",
          "data",
          "fsize",
          "locks",
          "memlock",
          "msgqueue",
          "nice",
          "nofile",
          "nproc",
          "rss",
          "rtprio",
          "rttime",
          "sigpending",
          "stack");

  public ResourceLimit {
    if (!NAMES.contains(name)) {
      throw SandboxException.invalid("limit \"" + name + "\"", "is none of " + NAMES);
    }
    if (soft < -1 || hard < -1 || Long.compareUnsigned(soft, hard) > 0) {
      throw SandboxException.invalid("limit " + name, "soft " + soft + " is above hard " + hard);
    }
  }
}
