/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network.forward;

import dev.caisson.network.Journal;
import dev.caisson.network.NetworkException;
import dev.caisson.network.NetworkException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Kernel settings of the calling thread's network namespace, changed so that they can be undone.
 */
public final class Sysctl {
  private static final Path ROOT = Path.of("/proc/sys");

  private Sysctl() {}

  /** Sets {@code net/ipv4/ip_forward} and the like, recording what it was; nothing if it is so. */
  public static void set(String key, String value, Journal journal) {
    try {
      Path file = ROOT.resolve(key);
      String previous = Files.readString(file).strip();
      if (previous.equals(value)) {
        return;
      }
      journal.record("sysctl:" + key, previous);
      Files.writeString(file, value);
    } catch (IOException e) {
      throw new NetworkException(
          Kind.UNAVAILABLE,
          "cannot set " + key.replace('/', '.') + " to " + value,
          "run the engine as root, or set it with sysctl",
          e);
    }
  }

  /** Gives a setting its recorded value back. */
  public static void restore(String key, Journal journal) {
    String previous = journal.previous("sysctl:" + key);
    if (previous.isEmpty()) {
      return;
    }
    try {
      Files.writeString(ROOT.resolve(key), previous);
    } catch (IOException e) {
      throw new NetworkException(
          Kind.UNAVAILABLE, "cannot restore " + key.replace('/', '.'), "set it with sysctl", e);
    }
    journal.forget("sysctl:" + key);
  }
}
