/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.sandbox.ability.Measurable.Interface;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The counters of a process's network interfaces, loopback left out. proc(5), /proc/PID/net/dev */
final class InterfaceCounters {
  private static final int FIELDS = 16;

  private InterfaceCounters() {}

  static Map<String, Interface> of(int pid) {
    try {
      return parse(Files.readAllLines(Path.of("/proc/" + pid + "/net/dev")));
    } catch (IOException gone) {
      return Map.of();
    }
  }

  static Map<String, Interface> parse(List<String> lines) {
    var interfaces = new HashMap<String, Interface>();
    for (String line : lines) {
      int colon = line.indexOf(':');
      if (colon < 0) {
        continue;
      }
      String name = line.substring(0, colon).strip();
      String[] f = line.substring(colon + 1).strip().split("\\s+");
      if (f.length >= FIELDS && !name.equals("lo")) {
        interfaces.put(
            name,
            new Interface(
                number(f[0]),
                number(f[1]),
                number(f[2]),
                number(f[3]),
                number(f[8]),
                number(f[9]),
                number(f[10]),
                number(f[11])));
      }
    }
    return interfaces;
  }

  private static long number(String text) {
    return Long.parseLong(text);
  }
}
