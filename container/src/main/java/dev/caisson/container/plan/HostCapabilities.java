/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import dev.caisson.sandbox.workload.Capability;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.EnumSet;
import java.util.Set;

/** What this process may hand on: its bounding set, which on some hosts is not all there is. */
public final class HostCapabilities {
  private static final Set<Capability> AVAILABLE = Collections.unmodifiableSet(read());

  private HostCapabilities() {}

  /** What is asked for beyond these cannot be given; runc leaves it out too. */
  public static Set<Capability> available() {
    return AVAILABLE;
  }

  private static Set<Capability> read() {
    Set<Capability> available = EnumSet.noneOf(Capability.class);
    long mask = mask();
    for (Capability capability : Capability.values()) {
      if ((mask & capability.bit()) != 0) {
        available.add(capability);
      }
    }
    return available;
  }

  private static long mask() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
        if (line.startsWith("CapBnd:")) {
          return Long.parseUnsignedLong(line.substring("CapBnd:".length()).strip(), 16);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("/proc/self/status cannot be read", e);
    }
    return -1;
  }
}
