/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.sandbox.SandboxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a guest has found of its processor, and goes on using after it was restored elsewhere.
 * proc_cpuinfo(5)
 *
 * @param vendor as GenuineIntel
 * @param flags what it can do, in the kernel's words
 */
record HostProcessor(String vendor, Set<String> flags) {
  private static final Path DESCRIPTION = Path.of("/proc/cpuinfo");

  HostProcessor {
    flags = Set.copyOf(flags);
  }

  /** That of this host. */
  static HostProcessor present() {
    try {
      return parse(Files.readString(DESCRIPTION));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The first one that /proc/cpuinfo describes; nothing where it says nothing. */
  static HostProcessor parse(String description) {
    String flags = line(description, "flags");
    return new HostProcessor(
        line(description, "vendor_id"),
        flags.isEmpty() ? Set.of() : Set.copyOf(List.of(flags.split(" +"))));
  }

  private static String line(String description, String name) {
    Matcher found =
        Pattern.compile("^" + name + "\\s*:[ \\t]*(.*)$", Pattern.MULTILINE).matcher(description);
    return found.find() ? found.group(1).strip() : "";
  }

  /**
   * @throws SandboxException UNSUPPORTED when a guest that used {@code needed} would miss something
   */
  void require(HostProcessor needed) {
    if (!vendor.equals(needed.vendor)) {
      throw SandboxException.unsupported(
          "the snapshot",
          "it was taken on a processor of %s, this one is of %s; start the image anew"
              .formatted(needed.vendor, vendor));
    }
    var missing = new TreeSet<>(needed.flags);
    missing.removeAll(flags);
    if (!missing.isEmpty()) {
      throw SandboxException.unsupported(
          "the snapshot",
          "its guest may use what this processor has not: %s; start the image anew"
              .formatted(String.join(" ", missing)));
    }
  }
}
