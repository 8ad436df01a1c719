/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.machine.thin.GuestProcesses.Task;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.ability.Listable;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What ps(1) shows of processes, and under which title. A guest has no ps of ours, so its common
 * options are read here.
 */
record ProcessColumns(List<Column> columns) {
  private static final int TICKS_PER_SECOND = 100;
  private static final String COLUMNS =
      "pid, ppid, uid, user, gid, comm, args, stat, s, tty, time, etime, stime, start, vsz, rss, pcpu, pmem, pri, ni, nlwp";

  /** One column, by the words ps knows it by. */
  enum Column {
    PID("PID", "pid"),
    PPID("PPID", "ppid"),
    UID("UID", "uid", "euid"),
    USER("USER", "user", "euser", "uname"),
    OWNER("UID"), // as -f shows it: a name under this title
    GID("GID", "gid", "egid"),
    COMM("COMMAND", "comm", "ucmd", "ucomm"),
    ARGS("COMMAND", "args", "cmd", "command"),
    COMMAND_LINE("CMD"),
    STAT("STAT", "stat"),
    STATE("S", "s", "state"),
    TTY("TTY", "tty", "tt", "tname"),
    TIME("TIME", "time", "cputime"),
    SHORT_TIME("TIME"),
    ELAPSED("ELAPSED", "etime"),
    STIME("STIME", "stime"),
    START("START", "start", "start_time", "lstart"),
    VSZ("VSZ", "vsz", "vsize"),
    RSS("RSS", "rss", "rssize", "rsz"),
    PERCENT("%CPU", "pcpu", "%cpu"),
    MEMORY("%MEM", "pmem", "%mem"),
    C("C", "c"),
    PRI("PRI", "pri"),
    NI("NI", "ni", "nice"),
    THREADS("NLWP", "nlwp", "thcount");

    private final String title;
    private final List<String> words;

    Column(String title, String... words) {
      this.title = title;
      this.words = List.of(words);
    }
  }

  private static final Map<String, List<Column>> WHOLE =
      Map.of(
          "-f",
          List.of(
              Column.OWNER,
              Column.PID,
              Column.PPID,
              Column.C,
              Column.STIME,
              Column.TTY,
              Column.TIME,
              Column.COMMAND_LINE),
          "u",
          List.of(
              Column.USER,
              Column.PID,
              Column.PERCENT,
              Column.MEMORY,
              Column.VSZ,
              Column.RSS,
              Column.TTY,
              Column.STAT,
              Column.START,
              Column.SHORT_TIME,
              Column.ARGS),
          "",
          List.of(Column.PID, Column.TTY, Column.TIME, Column.COMM));

  ProcessColumns {
    columns = List.copyOf(columns);
  }

  /**
   * @param options of ps: {@code -ef}, {@code aux}, {@code -o} with a list, and those that choose
   *     among all processes
   * @throws SandboxException INVALID for any other
   */
  static ProcessColumns of(List<String> options) {
    List<Column> chosen = new ArrayList<>();
    String whole = options.isEmpty() ? "-f" : "";
    for (int at = 0; at < options.size(); at++) {
      String option = options.get(at);
      String list = listAfter(option);
      if (list != null) {
        if (list.isEmpty() && at + 1 < options.size()) {
          list = options.get(++at);
        }
        columns(list, chosen);
      } else if (option.matches("-[eA]*[fF][eA]*")) {
        whole = "-f";
      } else if (option.matches("[awx]*u[awx]*")) {
        whole = "u";
      } else if (!option.matches("-[eAw]+|[awx]+")) {
        throw unknown(option);
      }
    }
    return new ProcessColumns(chosen.isEmpty() ? List.copyOf(WHOLE.get(whole)) : chosen);
  }

  /** What stands behind {@code -o} in the same word; null for another option. */
  private static @Nullable String listAfter(String option) {
    if (option.startsWith("--format")) {
      return option.substring("--format".length()).replaceFirst("^=", "");
    }
    return option.matches("-?[eA]*o.*") ? option.replaceFirst("^-?[eA]*o", "") : null;
  }

  private static void columns(String list, List<Column> chosen) {
    for (String word : list.split("[, ]+")) {
      String name = word.replaceFirst("=.*", "").toLowerCase(Locale.ROOT);
      chosen.add(
          Arrays.stream(Column.values())
              .filter(column -> column.words.contains(name))
              .findFirst()
              .orElseThrow(() -> unknown("-o " + word)));
    }
    if (!chosen.contains(Column.PID)) {
      throw SandboxException.invalid(
          "ps -o " + list, "has no column PID to choose lines by; add it");
    }
  }

  private static SandboxException unknown(String option) {
    return SandboxException.invalid(
        "ps " + option,
        "a machine's processes are listed without ps: give -ef, aux, or -o with some of "
            + COLUMNS);
  }

  Listable.ProcessTable table(GuestProcesses processes) {
    Instant now = Instant.now();
    return new Listable.ProcessTable(
        columns.stream().map(column -> column.title).toList(),
        processes.tasks().stream()
            .map(
                task -> columns.stream().map(column -> cell(column, task, processes, now)).toList())
            .toList());
  }

  private static String cell(Column column, Task task, GuestProcesses all, Instant now) {
    return switch (column) {
      case PID -> String.valueOf(task.pid());
      case PPID -> String.valueOf(task.parent());
      case UID -> String.valueOf(task.user());
      case USER, OWNER -> task.user() == 0 ? "root" : String.valueOf(task.user());
      case GID -> String.valueOf(task.group());
      case COMM -> task.name();
      case ARGS, COMMAND_LINE -> task.command();
      case STAT, STATE -> task.state();
      case TTY -> task.terminal() ? "pts/0" : "?";
      case TIME -> clock(task.ticks() / TICKS_PER_SECOND);
      case SHORT_TIME -> minutes(task.ticks() / TICKS_PER_SECOND);
      case ELAPSED -> clock(age(task, all, now));
      case STIME, START -> began(task, all, now);
      case VSZ -> String.valueOf(task.size());
      case RSS -> String.valueOf(task.resident());
      case PERCENT -> share(task.ticks(), age(task, all, now) * TICKS_PER_SECOND);
      case MEMORY -> share(task.resident(), all.memory());
      case C ->
          String.valueOf(task.ticks() / Math.max(1, age(task, all, now)) * 100 / TICKS_PER_SECOND);
      case PRI -> String.valueOf(39 - task.priority()); // ps counts upwards. ps(1), "pri"
      case NI -> String.valueOf(task.nice());
      case THREADS -> String.valueOf(task.threads());
    };
  }

  private static String clock(long seconds) {
    return String.format(
        Locale.ROOT, "%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
  }

  private static String minutes(long seconds) {
    return String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60);
  }

  private static String share(long part, long whole) {
    return String.format(Locale.ROOT, "%.1f", whole <= 0 ? 0.0 : 100.0 * part / whole);
  }

  /** In seconds. */
  private static long age(Task task, GuestProcesses all, Instant now) {
    return all.booted() == 0
        ? 0
        : Math.max(0, now.getEpochSecond() - all.booted() - task.started() / TICKS_PER_SECOND);
  }

  /** The time of day, or the day if that is another one. */
  private static String began(Task task, GuestProcesses all, Instant now) {
    if (all.booted() == 0) {
      return "-";
    }
    ZonedDateTime then =
        Instant.ofEpochSecond(all.booted() + task.started() / TICKS_PER_SECOND)
            .atZone(ZoneId.systemDefault());
    boolean today = then.toLocalDate().equals(LocalDate.ofInstant(now, ZoneId.systemDefault()));
    return then.format(DateTimeFormatter.ofPattern(today ? "HH:mm" : "MMMdd", Locale.ROOT));
  }
}
