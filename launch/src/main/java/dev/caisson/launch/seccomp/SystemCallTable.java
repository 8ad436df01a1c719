/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalInt;

/** The numbers one machine architecture gives its system calls. */
public enum SystemCallTable {
  X86_64("x86_64", 0xc000_003e),
  X86("x86", 0x4000_0003);

  private final int auditArchitecture;
  private final Map<String, Integer> numbers;
  private final int highest;

  SystemCallTable(String name, int auditArchitecture) {
    this.auditArchitecture = auditArchitecture;
    this.numbers = read(name + ".calls");
    this.highest = numbers.values().stream().mapToInt(Integer::intValue).max().orElseThrow();
  }

  /** What a filter sees as the architecture of a call. AUDIT_ARCH_ in linux/audit.h */
  public int auditArchitecture() {
    return auditArchitecture;
  }

  /** The call's number; empty when this architecture has no such call, or we know none. */
  public OptionalInt numberOf(String call) {
    Integer number = numbers.get(call);
    return number == null ? OptionalInt.empty() : OptionalInt.of(number);
  }

  /** The highest number in the table: what lies above is newer than we are. */
  public int highest() {
    return highest;
  }

  private static Map<String, Integer> read(String resource) {
    var numbers = new HashMap<String, Integer>();
    try (var in = SystemCallTable.class.getResourceAsStream(resource);
        var lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.US_ASCII))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith("#")) {
          int space = line.indexOf(' ');
          numbers.put(line.substring(0, space), Integer.parseInt(line.substring(space + 1)));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Map.copyOf(numbers);
  }
}
