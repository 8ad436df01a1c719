/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.user;

import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.workload.User;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The users and groups an image knows: its /etc/passwd and /etc/group, which anybody may have
 * written. Lines that make no sense are passed over; numbers out of range are never wrapped into
 * others (CVE-2024-40635). passwd(5), group(5)
 */
public record Accounts(List<Entry> users, List<GroupEntry> groups) {
  public static final Accounts NONE = new Accounts(List.of(), List.of());

  /** Bytes of either file beyond which it is refused. */
  public static final int LARGEST_FILE = 4 << 20;

  private static final int LONGEST_LINE = 64 << 10;

  public Accounts {
    users = List.copyOf(users);
    groups = List.copyOf(groups);
  }

  /** A line of /etc/passwd. */
  public record Entry(String name, long user, long group, String home) {}

  /** A line of /etc/group. */
  public record GroupEntry(String name, long group, List<String> members) {}

  /**
   * @param passwd the content of /etc/passwd, empty where there is none
   * @param group that of /etc/group
   */
  public static Accounts parse(byte[] passwd, byte[] group) {
    var users = new ArrayList<Entry>();
    for (String[] fields : lines(passwd, 7)) {
      long user = number(fields[2]);
      long primary = number(fields[3]);
      if (user >= 0 && primary >= 0) {
        users.add(new Entry(fields[0], user, primary, fields[5]));
      }
    }
    var groups = new ArrayList<GroupEntry>();
    for (String[] fields : lines(group, 4)) {
      long number = number(fields[2]);
      if (number >= 0) {
        groups.add(new GroupEntry(fields[0], number, List.of(fields[3].split(","))));
      }
    }
    return new Accounts(users, groups);
  }

  private static List<String[]> lines(byte[] file, int fields) {
    return new String(file, StandardCharsets.UTF_8)
        .lines()
        .filter(line -> line.length() <= LONGEST_LINE)
        .map(line -> line.strip().split(":", -1))
        .filter(parts -> parts.length >= fields && !parts[0].isEmpty())
        .toList();
  }

  /** 0 to 2^31 - 1, or -1 for anything else. */
  private static long number(String text) {
    if (!User.isNumber(text)) {
      return -1;
    }
    long number = Long.parseLong(text);
    return number <= Integer.MAX_VALUE ? number : -1;
  }

  /**
   * Turns a user into numbers, as Docker does: a number need not be in the files, a name must.
   *
   * @throws SandboxException NOT_FOUND never; INVALID for an unknown name
   */
  public Identity resolve(User wanted) {
    Optional<Entry> entry = user(wanted.user());
    long user =
        entry.map(Entry::user).orElseGet(() -> numeric("user", wanted.user(), "/etc/passwd"));
    long group =
        wanted.group().isEmpty() ? entry.map(Entry::group).orElse(0L) : groupNumber(wanted.group());
    Set<Long> more = new LinkedHashSet<>();
    more.add(group); // so that a program cannot leave it and escape a mode that denies it
    // (CVE-2022-36109)
    if (wanted.group().isEmpty()) {
      entry.ifPresent(found -> more.addAll(memberships(found.name())));
    }
    wanted.additional().forEach(name -> more.add(groupNumber(name)));
    String home = entry.map(Entry::home).filter(path -> path.startsWith("/")).orElse("/");
    return new Identity(user, group, List.copyOf(more), home);
  }

  private Optional<Entry> user(String text) {
    if (User.isNumber(text)) {
      long number = Long.parseLong(text);
      return users.stream().filter(entry -> entry.user() == number).findFirst();
    }
    return users.stream().filter(entry -> entry.name().equals(text)).findFirst();
  }

  private long groupNumber(String text) {
    if (User.isNumber(text)) {
      return Long.parseLong(text);
    }
    return groups.stream()
        .filter(entry -> entry.name().equals(text))
        .findFirst()
        .map(GroupEntry::group)
        .orElseGet(() -> numeric("group", text, "/etc/group"));
  }

  private List<Long> memberships(String name) {
    return groups.stream()
        .filter(entry -> entry.members().contains(name))
        .map(GroupEntry::group)
        .toList();
  }

  private static long numeric(String kind, String text, String file) {
    if (User.isNumber(text)) {
      return Long.parseLong(text);
    }
    throw SandboxException.invalid(
        kind + " " + text, "is not in " + file + " of this image; name another or use a number");
  }
}
