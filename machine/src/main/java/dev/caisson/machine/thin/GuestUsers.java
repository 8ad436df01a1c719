/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFile;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.file.Resolution;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.User;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The users and groups that the files of a root file system name. passwd(5), group(5) */
record GuestUsers(List<String[]> users, List<String[]> groups) {
  private static final int LARGEST_FILE = 4 << 20;

  /**
   * Who a process is, in numbers.
   *
   * @param home from /etc/passwd, or "/"
   */
  record Identity(long user, long group, List<Long> groups, String home) {}

  static GuestUsers read(Directory root) {
    return new GuestUsers(lines(root, "/etc/passwd", 7), lines(root, "/etc/group", 4));
  }

  /** Lines that make no sense are passed over: anybody may have written these files. */
  private static List<String[]> lines(Directory root, String path, int fields) {
    try (OpenFile file =
        OpenFile.of(
            root.openFile(
                path,
                new Resolution[] {Resolution.IN_ROOT},
                0,
                OpenFlag.READ,
                OpenFlag.NON_BLOCKING))) {
      if (file.status().size() > LARGEST_FILE) {
        throw SandboxException.invalid(path, "is larger than 4 MiB");
      }
      return new String(Files.readAllBytes(file.fd().path()), StandardCharsets.UTF_8)
          .lines()
          .map(line -> line.split(":", -1))
          .filter(parts -> parts.length >= fields && number(parts[2]) >= 0)
          .toList();
    } catch (LinuxException | IOException e) {
      return List.of(); // an image without the file knows numbers only
    }
  }

  private static long number(String text) {
    return User.isNumber(text) && Long.parseLong(text) <= Integer.MAX_VALUE
        ? Long.parseLong(text)
        : -1;
  }

  /** As Docker does: a number need not be in the files, a name must. */
  Identity resolve(User wanted) {
    Optional<String[]> entry = find(users, wanted.user());
    long user = entry.map(line -> number(line[2])).orElseGet(() -> numeric(wanted.user()));
    Set<Long> more = new LinkedHashSet<>();
    long group;
    if (wanted.group().isEmpty()) {
      group = entry.map(line -> Math.max(0, number(line[3]))).orElse(0L);
      entry.ifPresent(line -> more.addAll(memberships(line[0])));
    } else {
      group = group(wanted.group());
    }
    wanted.additional().forEach(name -> more.add(group(name)));
    String home = entry.map(line -> line[5]).filter(path -> path.startsWith("/")).orElse("/");
    return new Identity(user, group, List.copyOf(more), home);
  }

  private static Optional<String[]> find(List<String[]> lines, String text) {
    boolean byNumber = User.isNumber(text);
    return lines.stream()
        .filter(line -> byNumber ? number(line[2]) == Long.parseLong(text) : line[0].equals(text))
        .findFirst();
  }

  private long group(String text) {
    return find(groups, text).map(line -> number(line[2])).orElseGet(() -> numeric(text));
  }

  private List<Long> memberships(String name) {
    return groups.stream()
        .filter(line -> List.of(line[3].split(",")).contains(name))
        .map(line -> number(line[2]))
        .toList();
  }

  private static long numeric(String text) {
    if (User.isNumber(text)) {
      return Long.parseLong(text);
    }
    throw SandboxException.invalid(
        "user or group " + text, "is not known in this image; name another or use a number");
  }
}
