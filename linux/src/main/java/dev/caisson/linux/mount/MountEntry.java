/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.mount;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * One line of /proc/PID/mountinfo. proc_pid_mountinfo(5)
 *
 * @param root the part of the file system that is mounted
 * @param options the mount's own, as {@code rw,nosuid}
 * @param superOptions the file system's
 */
public record MountEntry(
    int id,
    int parent,
    String device,
    String root,
    Path target,
    List<String> options,
    String type,
    String source,
    List<String> superOptions) {

  /** What the process sees mounted, in the order of mounting. */
  public static List<MountEntry> all() {
    return read(Path.of("/proc/self/mountinfo"));
  }

  /** What the calling thread sees, which may be in a mount namespace of its own. */
  public static List<MountEntry> ofThisThread() {
    return read(Path.of("/proc/thread-self/mountinfo"));
  }

  private static List<MountEntry> read(Path file) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines.map(MountEntry::parse).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Parses one line.
   *
   * @throws IllegalArgumentException if it is none
   */
  public static MountEntry parse(String line) {
    String[] fields = line.split(" ");
    int separator = 6; // optional fields such as "shared:1" stand before a lone hyphen
    while (separator < fields.length && !fields[separator].equals("-")) {
      separator++;
    }
    if (separator + 3 >= fields.length) {
      throw new IllegalArgumentException("not a mountinfo line: " + line);
    }
    return new MountEntry(
        Integer.parseInt(fields[0]),
        Integer.parseInt(fields[1]),
        fields[2],
        unescaped(fields[3]),
        Path.of(unescaped(fields[4])),
        List.of(fields[5].split(",")),
        fields[separator + 1],
        unescaped(fields[separator + 2]),
        List.of(fields[separator + 3].split(",")));
  }

  /** The kernel writes space, tab, newline and backslash as three octal digits. */
  private static String unescaped(String field) {
    if (field.indexOf('\\') < 0) {
      return field;
    }
    return field
        .replace("\\040", " ")
        .replace("\\011", "\t")
        .replace("\\012", "\n")
        .replace("\\134", "\\");
  }
}
