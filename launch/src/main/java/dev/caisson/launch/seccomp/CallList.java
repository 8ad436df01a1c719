/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/** Lists of allowed calls with a reason for each group, kept as text beside this class. */
final class CallList {
  private static final Pattern HEADING = Pattern.compile("\\[(.+)] (.+)");

  private CallList() {}

  /**
   * Some calls and who needs them.
   *
   * @param name in brackets in the text
   * @param why the name and the rest of its line
   */
  record Group(String name, String why, Set<String> calls) {
    Rule allowed() {
      return new Rule(calls, Verdict.ALLOW, List.of(), why);
    }
  }

  /** A group for each line of calls. */
  static List<Group> read(String resource) {
    List<Group> groups = new ArrayList<>();
    String name = "";
    String why = "";
    for (String line : lines(resource)) {
      var heading = HEADING.matcher(line);
      if (heading.matches()) {
        name = heading.group(1);
        why = name + ": " + heading.group(2);
      } else {
        groups.add(new Group(name, why, Set.of(line.split(" "))));
      }
    }
    return groups;
  }

  private static List<String> lines(String resource) {
    try (var in = CallList.class.getResourceAsStream(resource)) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .filter(line -> !line.isEmpty() && !line.startsWith("#"))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
