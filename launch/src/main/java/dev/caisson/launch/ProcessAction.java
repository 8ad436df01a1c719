/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import dev.caisson.sandbox.workload.ResourceLimit;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** The process the workload starts as. */
public sealed interface ProcessAction extends Action {

  /** Limits by the kernel's number. getrlimit(2), asm-generic/resource.h */
  enum Resource implements Coded {
    CPU,
    FSIZE,
    DATA,
    STACK,
    CORE,
    RSS,
    NPROC,
    NOFILE,
    MEMLOCK,
    AS,
    LOCKS,
    SIGPENDING,
    MSGQUEUE,
    NICE,
    RTPRIO,
    RTTIME;

    @Override
    @SuppressWarnings("EnumOrdinal") // the kernel numbers them in this order
    public long code() {
      return ordinal();
    }
  }

  /** One limit; -1 is unlimited. */
  record Limit(Resource resource, long soft, long hard) {}

  /** Sets resource limits of the new process, from either side. prlimit(2) */
  record LimitResources(List<Limit> limits) implements ProcessAction {
    public LimitResources {
      limits = List.copyOf(limits);
    }

    /** What a workload asked for; empty if it asked for nothing. */
    public static Optional<LimitResources> of(List<ResourceLimit> asked) {
      if (asked.isEmpty()) {
        return Optional.empty();
      }
      return Optional.of(
          new LimitResources(
              asked.stream()
                  .map(limit ->
                      new Limit(
                          Resource.valueOf(limit.name().toUpperCase(Locale.ROOT)),
                          limit.soft(),
                          limit.hard()))
                  .toList()));
    }
  }

  /** Prefers or spares the new process when memory runs out: -1000 (never) to 1000. proc(5) */
  record AdjustOutOfMemoryScore(int score) implements ProcessAction {
    public AdjustOutOfMemoryScore {
      if (score < -1000 || score > 1000) {
        throw new LaunchException(
            LaunchException.Kind.INVALID_PLAN,
            "out-of-memory score " + score + " is outside -1000 to 1000");
      }
    }
  }

  /** Mode bits new files do not get. umask(2) */
  record SetUmask(int mask) implements ProcessAction {}

  /** Execution domain, such as 0x8 for 32-bit uname. personality(2) */
  record SetPersonality(int persona) implements ProcessAction {}

  /** I/O class 0 to 3 and level 0 to 7. ioprio_set(2) */
  record SetIoPriority(int ioClass, int level) implements ProcessAction {}

  /** CPU scheduling; times in nanoseconds, for the deadline policy only. sched_setattr(2) */
  record SetScheduler(
      int policy, long flags, int nice, int priority, long runtime, long deadline, long period)
      implements ProcessAction {}

  /** CPUs the process may run on, bit n of the mask for CPU n. sched_setaffinity(2) */
  record SetAffinity(Bytes mask) implements ProcessAction {}

  /** A signal sent to the new process when the launcher ends; 0 for none. prctl(2) */
  record DieWithLauncher(int signal) implements ProcessAction {}

  /**
   * Enters a directory of the root, and refuses one that turns out to be outside (CVE-2024-21626).
   *
   * @param create make it, 0755 and owned by root, when missing
   */
  record EnterDirectory(String path, boolean create) implements ProcessAction {}

  /**
   * Stays as a small PID 1 that reaps orphans and passes signals on; the rest of the plan goes on
   * in its child, whose exit code becomes its own.
   */
  record BecomeInit() implements ProcessAction {}

  /**
   * Becomes the workload: resets signals, closes all descriptors but the streams and the kept ones.
   * execve(2)
   *
   * @param program searched in the PATH of {@code environment} when it has no slash
   * @param keptDescriptors how many descriptors from 3 on the workload inherits
   */
  record Exec(String program, List<String> arguments, List<String> environment, int keptDescriptors)
      implements ProcessAction {
    public Exec {
      arguments = List.copyOf(arguments);
      environment = List.copyOf(environment);
      if (arguments.isEmpty()) {
        throw new LaunchException(
            LaunchException.Kind.INVALID_PLAN,
            "a program gets at least one argument, its own name");
      }
    }
  }
}
