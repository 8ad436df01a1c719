/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.sandbox.SandboxException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The processes of a guest, from its own /proc. Kernel threads and our agent are left out.
 *
 * @param booted when the guest's kernel began to count, in seconds of its own clock; 0 if unknown
 * @param memory of the guest, in KiB; 0 if unknown
 */
record GuestProcesses(List<Task> tasks, long booted, long memory) {
  private static final int ANSWER_SECONDS = 10;

  /** Fields of /proc/PID/stat behind the name. proc(5) */
  private static final int PARENT = 1;

  private static final int STATE = 0;
  private static final int TERMINAL = 4;
  private static final int USER_TIME = 11;
  private static final int KERNEL_TIME = 12;
  private static final int PRIORITY = 15;
  private static final int NICE = 16;
  private static final int THREADS = 17;
  private static final int START_TIME = 19;

  GuestProcesses {
    tasks = List.copyOf(tasks);
  }

  /**
   * One process.
   *
   * @param ticks processor time, in hundredths of a second
   * @param started in hundredths of a second after the guest's boot
   * @param size all of its addresses, in KiB
   * @param resident of them in memory, in KiB
   */
  record Task(
      int pid,
      int parent,
      long user,
      long group,
      String name,
      String command,
      String state,
      boolean terminal,
      long ticks,
      long started,
      long size,
      long resident,
      int priority,
      int nice,
      int threads) {}

  static GuestProcesses of(ThinRun run) {
    var tasks = run.guest().processes();
    var statistics = run.guest().file("/proc/stat");
    var memory = run.guest().file("/proc/meminfo");
    return new GuestProcesses(
        read(answer(tasks)),
        number(line(text(answer(statistics)), "btime ")),
        number(line(text(answer(memory)), "MemTotal:")));
  }

  List<Integer> pids() {
    return tasks.stream().map(Task::pid).toList();
  }

  private static String text(byte[] answer) {
    return new String(answer, StandardCharsets.UTF_8);
  }

  /** Of "12 kB" or "12"; 0 where there is none. */
  private static long number(String text) {
    String digits = text.split(" ", 2)[0];
    return digits.matches("[0-9]{1,18}") ? Long.parseLong(digits) : 0;
  }

  private static List<Task> read(byte[] answer) {
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
    if (fields.length <= START_TIME) {
      throw new IllegalArgumentException("too few fields");
    }
    String name = line(status, "Name:");
    return new Task(
        Integer.parseInt(line(status, "Pid:")),
        Integer.parseInt(fields[PARENT]),
        number(line(status, "Uid:").split("\\s+")[0]),
        number(line(status, "Gid:").split("\\s+")[0]),
        name,
        command.isEmpty() ? "[" + name + "]" : command,
        fields[STATE],
        !fields[TERMINAL].equals("0"),
        Long.parseLong(fields[USER_TIME]) + Long.parseLong(fields[KERNEL_TIME]),
        Long.parseLong(fields[START_TIME]),
        number(line(status, "VmSize:")),
        number(line(status, "VmRSS:")),
        Integer.parseInt(fields[PRIORITY]),
        Integer.parseInt(fields[NICE]),
        Integer.parseInt(fields[THREADS]));
  }

  private static String line(String text, String title) {
    return text.lines()
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
