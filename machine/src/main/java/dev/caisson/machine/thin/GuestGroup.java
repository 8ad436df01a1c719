/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.machine.guest.GuestChannel;
import dev.caisson.machine.guest.GuestFailure;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.ability.Measurable;
import dev.caisson.sandbox.workload.Resources;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * The control group, in the guest, that every process of the workload is in: the guest's kernel
 * holds the limits to the byte, while the machine itself is a little larger.
 * Documentation/admin-guide/cgroup-v2
 */
final class GuestGroup {
  static final String PATH = "/sys/fs/cgroup/workload";

  private final GuestChannel guest;

  GuestGroup(GuestChannel guest) {
    this.guest = guest;
  }

  /**
   * @throws SandboxException FAILED with the file that the guest's kernel refused
   */
  void limit(Resources resources) {
    Map<String, CompletableFuture<byte[]>> written = new LinkedHashMap<>();
    files(resources)
        .forEach((name, value) -> written.put(name, guest.write(PATH + "/" + name, value)));
    written.forEach((name, answer) -> {
      try {
        GuestProcesses.answer(answer);
      } catch (SandboxException e) {
        throw e.getCause() != null && e.getCause().getCause() instanceof GuestFailure refused
            ? new SandboxException(
                SandboxException.Kind.FAILED,
                "the guest's kernel refused " + name + ": " + refused.getMessage(),
                e)
            : e;
      }
    });
  }

  /** What to write where; swap is not mentioned, as a guest has none. */
  static Map<String, String> files(Resources resources) {
    Map<String, String> files = new LinkedHashMap<>();
    var memory = resources.memory();
    memory.limit().ifPresent(limit -> files.put("memory.max", orMax(limit)));
    memory.reservation().ifPresent(least -> files.put("memory.low", Long.toString(least)));
    var cpu = resources.cpu();
    if (cpu.quota().isPresent() || cpu.period().isPresent()) {
      files.put("cpu.max", orMax(cpu.quota().orElse(-1)) + " " + cpu.period().orElse(100_000));
    }
    resources.pids().ifPresent(limit -> files.put("pids.max", orMax(limit)));
    files.putAll(resources.unified());
    return files;
  }

  private static String orMax(long value) {
    return value == -1 ? "max" : Long.toString(value);
  }

  /** A file of numbers by their names, such as memory.stat. */
  Map<String, Long> table(String name) {
    Map<String, Long> table = new LinkedHashMap<>();
    for (String line : read(name).lines().toList()) {
      String[] words = line.split(" ");
      if (words.length == 2) {
        number(words[1]).ifPresent(value -> table.put(words[0], value));
      }
    }
    return table;
  }

  private static Optional<Long> number(String text) {
    return text.matches("[0-9]{1,18}") ? Optional.of(Long.parseLong(text)) : Optional.empty();
  }

  private String read(String name) {
    byte[] content = GuestProcesses.answer(guest.file(PATH + "/" + name));
    return new String(content, StandardCharsets.UTF_8);
  }

  Measurable.Memory memory(long machine, long peak) {
    return new Measurable.Memory(
        value("memory.current").orElse(0L),
        peak,
        value("memory.max").orElse(machine),
        table("memory.events").getOrDefault("max", 0L),
        table("memory.stat"));
  }

  Measurable.Tasks tasks() {
    return new Measurable.Tasks(value("pids.current").orElse(0L), value("pids.max").orElse(-1L));
  }

  private Optional<Long> value(String file) {
    return number(read(file).strip());
  }

  /** Whether a process of it was killed for want of memory. */
  boolean ranOutOfMemory() {
    return table("memory.events").getOrDefault("oom_kill", 0L) > 0;
  }
}
