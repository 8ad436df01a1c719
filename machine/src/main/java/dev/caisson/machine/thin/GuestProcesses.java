/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.ability.Listable;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** The processes of a guest, from its own /proc. Kernel threads and our agent are left out. */
final class GuestProcesses {
  private static final List<String> TITLES =
      List.of("UID", "PID", "PPID", "C", "STIME", "TTY", "TIME", "CMD");
  private static final int TICKS_PER_SECOND = 100;
  private static final int ANSWER_SECONDS = 10;
  private static final int PARENT = 1; // fields of /proc/PID/stat behind the name
  private static final int USER_TIME = 11;
  private static final int KERNEL_TIME = 12;

  private GuestProcesses() {}

  private record Task(int pid, int parent, String user, long ticks, String command) {}

  static Listable.ProcessTable table(ThinRun run) {
    List<List<String>> rows =
        read(run).stream()
            .map(task ->
                List.of(
                    task.user,
                    String.valueOf(task.pid),
                    String.valueOf(task.parent),
                    "0",
                    "-",
                    "?",
                    time(task.ticks),
                    task.command))
            .toList();
    return new Listable.ProcessTable(TITLES, rows);
  }

  static List<Integer> pids(ThinRun run) {
    return read(run).stream().map(Task::pid).toList();
  }

  static int count(ThinRun run) {
    return read(run).size();
  }

  private static String time(long ticks) {
    long seconds = ticks / TICKS_PER_SECOND;
    return String.format(
        Locale.ROOT, "%02d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
  }

  private static List<Task> read(ThinRun run) {
    byte[] answer = answer(run.guest().processes());
    ByteBuffer bytes = ByteBuffer.wrap(answer).order(ByteOrder.LITTLE_ENDIAN);
    List<Task> found = new ArrayList<>();
    try {
      while (bytes.remaining() >= 4) {
        String status = text(bytes);
        String stat = text(bytes);
        String command = text(bytes).replace('\0', ' ').strip();
        // Behind the workload's namespace a process has more than one number.
        String numbers = line(status, "NSpid:");
        if (numbers.split("\\s+").length > 1) {
          found.add(task(status, stat, command));
        }
      }
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, "the guest's list of processes makes no sense", e);
    }
    return found;
  }

  private static Task task(String status, String stat, String command) {
    int close = stat.lastIndexOf(')');
    if (close < 0) {
      throw new IllegalArgumentException("no name");
    }
    String[] fields = stat.substring(close + 1).strip().split(" ");
    if (fields.length <= KERNEL_TIME) {
      throw new IllegalArgumentException("too few fields");
    }
    String name = line(status, "Name:");
    return new Task(
        Integer.parseInt(line(status, "Pid:")),
        Integer.parseInt(fields[PARENT]),
        line(status, "Uid:").split("\\s+")[0],
        Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[KERNEL_TIME]),
        command.isEmpty() ? "[" + name + "]" : command);
  }

  private static String line(String status, String title) {
    return status
        .lines()
        .filter(line -> line.startsWith(title))
        .findFirst()
        .map(line -> line.substring(title.length()).strip())
        .orElse("");
  }

  private static String text(ByteBuffer bytes) {
    int length = bytes.getInt();
    if (length < 0 || length > bytes.remaining()) {
      throw new IllegalArgumentException("length " + length);
    }
    byte[] content = new byte[length];
    bytes.get(content);
    return new String(content, StandardCharsets.UTF_8);
  }

  /** Waits a reasonable time for what a guest has to say; a paused one says nothing. */
  static byte[] answer(CompletableFuture<byte[]> question) {
    try {
      return question.get(ANSWER_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      question.cancel(false); // an answer that comes later is nobody's
      throw new SandboxException(SandboxException.Kind.FAILED, "the guest does not answer", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new SandboxException(SandboxException.Kind.FAILED, "interrupted", e);
    }
  }
}
