/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The user namespace of this process. user_namespaces(7)
 *
 * @param initial whether it is the host's: root in here is root of the host
 * @param mapped how many user ids exist in it, 1 to 4,294,967,295
 */
public record UserNamespace(boolean initial, long mapped) {
  private static final long EVERY_ID = 0xffff_ffffL;

  public static UserNamespace own() {
    try {
      return of(Files.readAllLines(Path.of("/proc/self/uid_map")));
    } catch (IOException failed) {
      throw new UncheckedIOException(failed);
    }
  }

  /** From the lines of a uid_map file: first id inside, first id outside, count. */
  static UserNamespace of(List<String> map) {
    long mapped = map.stream().mapToLong(line -> field(line, 2)).sum();
    boolean initial = map.size() == 1 && mapped == EVERY_ID && field(map.getFirst(), 1) == 0;
    return new UserNamespace(initial, mapped);
  }

  /** Whether only one user exists, so that there are no other owners and no other groups. */
  public boolean single() {
    return mapped == 1;
  }

  private static long field(String line, int index) {
    return Long.parseLong(line.strip().split(" +")[index]);
  }
}
