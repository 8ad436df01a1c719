/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.call.SpawnLibrary;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Starts a program with exactly the arguments, environment and descriptors given, by
 * posix_spawn(3), as leader of a session of its own.
 *
 * <p>Signal mask and dispositions are reset: HotSpot blocks SIGQUIT in Java threads, and a child
 * would inherit that. Descriptors not listed are closed in the child, for the JDK opens some
 * without close-on-exec.
 *
 * @param arguments argv, the first being the program's name to itself
 * @param environment {@code NAME=value} entries
 * @param files number in the child (0 to 1,023) to a descriptor of ours
 */
public record Spawn(
    Executable executable,
    List<String> arguments,
    List<String> environment,
    SortedMap<Integer, Fd> files) {
  private static final short FLAGS = 0x04 | 0x08 | 0x80; // SETSIGDEF, SETSIGMASK, SETSID
  private static final int ATTRIBUTES_SIZE = 336; // posix_spawnattr_t of glibc
  private static final int ACTIONS_SIZE = 80; // posix_spawn_file_actions_t of glibc
  private static final int SIGNAL_SET_SIZE = 128;
  private static final int NUMBERS = 1024;

  public Spawn {
    arguments = List.copyOf(arguments);
    environment = List.copyOf(environment);
    files = Collections.unmodifiableSortedMap(new TreeMap<>(files));
    if (arguments.isEmpty()) {
      throw new IllegalArgumentException("argv needs the program's name");
    }
    for (int number : files.keySet()) {
      if (number < 0 || number >= NUMBERS) {
        throw new IllegalArgumentException("descriptor number out of range: " + number);
      }
    }
  }

  /**
   * Starts it and answers a handle on the child, which the caller waits for.
   *
   * @throws LinuxException with the errno of execve(2), the program being the subject
   */
  public ProcessFd start() {
    try (Scratch scratch = Scratch.open();
        Descriptors descriptors = new Descriptors()) {
      MemorySegment actions = scratch.allocate(ACTIONS_SIZE, 8);
      MemorySegment attributes = scratch.allocate(ATTRIBUTES_SIZE, 8);
      SpawnLibrary.initActions(actions);
      SpawnLibrary.initAttributes(attributes);
      try {
        resetSignals(scratch, attributes);
        return spawn(scratch, descriptors.arrange(actions), actions, attributes);
      } finally {
        SpawnLibrary.freeActions(actions);
        SpawnLibrary.freeAttributes(attributes);
      }
    }
  }

  private ProcessFd spawn(
      Scratch scratch, String program, MemorySegment actions, MemorySegment attributes) {
    MemorySegment pid = scratch.allocate(4, 4);
    int error =
        SpawnLibrary.spawn(
            pid,
            scratch.string(program),
            actions,
            attributes,
            scratch.strings(arguments),
            scratch.strings(environment));
    if (error != 0) {
      throw new LinuxException("posix_spawn", program, Errno.of(error));
    }
    return ProcessFd.open(pid.get(ValueLayout.JAVA_INT, 0));
  }

  private static void resetSignals(Scratch scratch, MemorySegment attributes) {
    MemorySegment none = scratch.allocate(SIGNAL_SET_SIZE, 8);
    MemorySegment all = scratch.allocate(SIGNAL_SET_SIZE, 8);
    // Signals 1 to 31: glibc reserves 32 and 33 and would answer EINVAL.
    all.set(ValueLayout.JAVA_LONG, 0, 0x7fff_ffffL);
    SpawnLibrary.setSignalMask(attributes, none);
    SpawnLibrary.setDefaultSignals(attributes, all);
    SpawnLibrary.setFlags(attributes, FLAGS);
  }

  /** The child's descriptor table, and the copies of ours that it takes to build it. */
  private final class Descriptors implements AutoCloseable {
    private final List<Fd> copies = new ArrayList<>();
    private final int firstFree = files.isEmpty() ? 0 : files.lastKey() + 1;

    /** Writes the actions and answers the program's path as the child sees it. */
    String arrange(MemorySegment actions) {
      int end = firstFree;
      for (int number = 0; number < firstFree; number++) {
        Fd source = files.get(number);
        if (source == null) {
          SpawnLibrary.addClose(actions, number);
        } else {
          SpawnLibrary.addDuplicate(actions, outOfTheWay(source), number);
        }
      }
      String path =
          switch (executable) {
            case Executable.At at -> at.path();
            case Executable.Open open -> {
              SpawnLibrary.addDuplicate(actions, outOfTheWay(open.file()), end);
              yield "/proc/self/fd/" + end++;
            }
          };
      SpawnLibrary.addCloseFrom(actions, end);
      return path;
    }

    /** A number for {@code source} that no number of the child overwrites. */
    private int outOfTheWay(Fd source) {
      if (source.number() > firstFree) {
        return source.number();
      }
      Fd copy = source.duplicate(firstFree + 1);
      copies.add(copy);
      return copy.number();
    }

    @Override
    public void close() {
      copies.forEach(Fd::close);
    }
  }
}
