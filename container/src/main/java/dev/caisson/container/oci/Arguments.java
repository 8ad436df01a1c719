/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A command line as runc reads it: global options, a command, its options, operands. Long options
 * take one dash or two, and a value after a space or {@code =}.
 */
record Arguments(
    Map<String, String> options,
    Map<String, List<String>> repeated,
    String command,
    List<String> operands) {
  private static final Set<String> REPEATED = Set.of("env", "cap", "additional-gids");

  private static final Set<String> GLOBAL_VALUES =
      Set.of("root", "log", "log-format", "criu", "rootless");
  private static final Set<String> VALUES =
      Set.of(
          "bundle",
          "b",
          "pid-file",
          "console-socket",
          "preserve-fds",
          "process",
          "p",
          "cwd",
          "user",
          "u",
          "format",
          "f",
          "env",
          "e",
          "cap",
          "apparmor",
          "process-label",
          "additional-gids",
          "g",
          "interval",
          "resources",
          "r",
          "memory",
          "memory-reservation",
          "memory-swap",
          "cpu-share",
          "cpu-quota",
          "cpu-period",
          "cpu-rt-runtime",
          "cpu-rt-period",
          "cpuset-cpus",
          "cpuset-mems",
          "pids-limit",
          "blkio-weight",
          "l3-cache-schema",
          "mem-bw-schema",
          "cgroup",
          "c");
  private static final Map<String, String> LONG =
      Map.ofEntries(
          Map.entry("b", "bundle"),
          Map.entry("p", "process"),
          Map.entry("u", "user"),
          Map.entry("f", "format"),
          Map.entry("t", "tty"),
          Map.entry("d", "detach"),
          Map.entry("e", "env"),
          Map.entry("q", "quiet"),
          Map.entry("r", "resources"),
          Map.entry("c", "cap"),
          Map.entry("g", "additional-gids"));

  /**
   * An option as it was said.
   *
   * @param name the long one, without dashes
   * @param next the word behind it
   */
  private record Said(String name, String value, int next) {
    static Said at(List<String> words, int at, Set<String> valued) {
      String text = words.get(at).replaceFirst("^--?", "");
      int equals = text.indexOf('=');
      String plain = equals < 0 ? text : text.substring(0, equals);
      String name = LONG.getOrDefault(plain, plain);
      if (equals >= 0) {
        return new Said(name, text.substring(equals + 1), at + 1);
      }
      if (!valued.contains(plain)) {
        return new Said(name, "true", at + 1);
      }
      if (at + 1 == words.size()) {
        throw new OciException("option --" + plain + " needs a value");
      }
      return new Said(name, words.get(at + 1), at + 2);
    }
  }

  static Arguments parse(List<String> words) {
    var options = new HashMap<String, String>();
    var repeated = new HashMap<String, List<String>>();
    int at = 0;
    String command = "";
    while (at < words.size()) {
      String word = words.get(at);
      if (!word.startsWith("-") || word.equals("-")) {
        if (!command.isEmpty()) {
          break; // operands, which may have dashes of their own: exec ID ls -l
        }
        command = word;
        at++;
        continue;
      }
      if (word.equals("--")) {
        at++;
        break;
      }
      Said said = Said.at(words, at, command.isEmpty() ? GLOBAL_VALUES : valued(command));
      if (REPEATED.contains(said.name)) {
        repeated.computeIfAbsent(said.name, key -> new ArrayList<>()).add(said.value);
      }
      options.put(said.name, said.value);
      at = said.next;
    }
    return new Arguments(
        Map.copyOf(options),
        Map.copyOf(repeated),
        command,
        List.copyOf(words.subList(at, words.size())));
  }

  /** After `kill`, `delete` and the like -f is --force; after `ps` and `list` it is --format. */
  private static Set<String> valued(String command) {
    if (command.equals("delete")) {
      return Set.of();
    }
    return VALUES;
  }

  Optional<String> option(String name) {
    return Optional.ofNullable(options.get(name));
  }

  /** All values of an option that may be given more than once. */
  List<String> values(String name) {
    return repeated.getOrDefault(name, List.of());
  }

  List<String> environment() {
    return values("env");
  }

  boolean flag(String name) {
    return options.getOrDefault(name, "false").equals("true");
  }

  /** The container's id: the first operand. */
  String id() {
    if (operands.isEmpty()) {
      throw new OciException(command + ": the container's id is missing");
    }
    String id = operands.getFirst();
    if (!id.matches("[A-Za-z0-9_+.-]{1,1024}") || id.equals(".") || id.equals("..")) {
      throw new OciException("container id '" + id + "' has letters other than [A-Za-z0-9_+.-]");
    }
    return id;
  }
}
