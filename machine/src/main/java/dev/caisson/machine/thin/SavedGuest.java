/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.sandbox.SandboxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the host of a guest knew of it when it was saved; as lines of text, each a word and its
 * values.
 *
 * @param protocol the version its first process speaks
 * @param process id of the workload's first process in the guest
 * @param sessions the last number a process was given on the channel
 * @param credits bytes that may be sent to the input of each process there is, by its number
 * @param interfaces of its network, in their order
 */
record SavedGuest(
    int protocol,
    int process,
    int sessions,
    Map<Integer, Integer> credits,
    List<Interface> interfaces,
    HostProcessor processor) {
  /** The number of the workload's first process. */
  static final int FIRST_SESSION = 1;

  private static final long LARGEST = 1 << 20;

  SavedGuest {
    credits = Map.copyOf(credits);
    interfaces = List.copyOf(interfaces);
  }

  /**
   * @param index in the guest
   * @param addresses each with its prefix length
   */
  record Interface(int index, List<String> addresses) {
    Interface {
      addresses = List.copyOf(addresses);
    }
  }

  void write(Path file) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add("protocol " + protocol);
    lines.add("process " + process);
    lines.add("sessions " + sessions);
    new TreeMap<>(credits)
        .forEach((session, credit) -> lines.add("credit " + session + " " + credit));
    interfaces.forEach(one ->
        lines.add(("interface " + one.index + " " + String.join(" ", one.addresses)).strip()));
    lines.add("vendor " + processor.vendor());
    lines.add("flags " + String.join(" ", processor.flags().stream().sorted().toList()));
    Files.write(file, lines);
  }

  /**
   * @throws SandboxException INVALID with the line that makes no sense
   */
  static SavedGuest read(Path file) throws IOException {
    if (Files.size(file) > LARGEST) {
      throw SandboxException.invalid(file.toString(), "is larger than 1 MiB");
    }
    return new Reading(file).guest(Files.readAllLines(file));
  }

  /** The values met so far. */
  private static final class Reading {
    private final Path file;
    private final Map<Integer, Integer> credits = new TreeMap<>();
    private final List<Interface> interfaces = new ArrayList<>();
    private final Map<String, Integer> numbers = new TreeMap<>();
    private String vendor = "";
    private List<String> flags = List.of();

    Reading(Path file) {
      this.file = file;
    }

    SavedGuest guest(List<String> lines) {
      for (int i = 0; i < lines.size(); i++) {
        try {
          line(List.of(lines.get(i).split(" ", -1)));
        } catch (IllegalArgumentException | IndexOutOfBoundsException e) {
          throw SandboxException.invalid(
              file + ", line " + (i + 1), "makes no sense; take the snapshot anew");
        }
      }
      for (String needed : List.of("protocol", "process", "sessions")) {
        if (!numbers.containsKey(needed)) {
          throw SandboxException.invalid(
              file + ", line " + (lines.size() + 1), "it ends without its " + needed);
        }
      }
      return new SavedGuest(
          number("protocol"),
          number("process"),
          number("sessions"),
          credits,
          interfaces,
          new HostProcessor(vendor, Set.copyOf(flags)));
    }

    private int number(String name) {
      return numbers.getOrDefault(name, 0);
    }

    private void line(List<String> words) {
      List<String> values = words.subList(1, words.size());
      switch (words.getFirst()) {
        case "protocol", "process", "sessions" ->
            numbers.put(words.getFirst(), positive(words.get(1)));
        case "credit" ->
            credits.put(positive(words.get(1)), Integer.parseUnsignedInt(words.get(2)));
        case "interface" ->
            interfaces.add(new Interface(positive(words.get(1)), values.subList(1, values.size())));
        case "vendor" -> vendor = String.join(" ", values);
        case "flags" -> flags = values.stream().filter(flag -> !flag.isEmpty()).toList();
        default -> throw new IllegalArgumentException(words.getFirst());
      }
    }

    private static int positive(String text) {
      int number = Integer.parseInt(text);
      if (number <= 0) {
        throw new IllegalArgumentException(text);
      }
      return number;
    }
  }
}
