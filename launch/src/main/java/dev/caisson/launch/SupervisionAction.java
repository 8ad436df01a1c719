/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import java.util.List;
import java.util.Optional;

/** How the launch is seen from outside: streams, log, control socket, hooks, start signal. */
public sealed interface SupervisionAction extends Action {

  /**
   * A log file and its rotation. Docker's json-file lines.
   *
   * @param path the newest file; older ones are {@code path.1}, {@code path.2} …
   * @param maxBytes size at which a new file starts; 0: never
   * @param maxFiles how many files are kept, the newest included; at least 1
   */
  record Log(String path, long maxBytes, int maxFiles) {}

  /**
   * Stays after the start, as the monitor of the workload. OUTSIDE, before {@link
   * NamespaceAction.Clone}.
   *
   * @param directory gets {@code control.sock} while the workload lives and {@code exit} once it
   *     ended; docs/monitor.md
   * @param log absent: output goes to attached clients only
   * @param memoryEvents a file with {@code oom_kill N} lines (v2 memory.events, v1
   *     memory.oom_control), empty for none
   */
  record Watch(String directory, Optional<Log> log, String memoryEvents)
      implements SupervisionAction {}

  /**
   * Gives the workload pipes to the monitor. OUTSIDE.
   *
   * @param input false: it reads /dev/null
   */
  record OpenStreams(boolean input) implements SupervisionAction {}

  /**
   * Opens a pseudo-terminal of the root's devpts, as controlling terminal and standard streams; the
   * master goes to the launcher, or on to the console socket. INSIDE.
   *
   * @param console also make it /dev/console
   */
  record OpenTerminal(int columns, int rows, boolean console) implements SupervisionAction {}

  /** Where the launcher sends the terminal's master (SCM_RIGHTS), as OCI runtimes do. OUTSIDE. */
  record ConsoleSocket(String path) implements SupervisionAction {}

  /**
   * Runs a hook program and waits for it.
   *
   * @param timeoutSeconds 0: no limit
   * @param stateHead its standard input, up to the process id
   * @param stateTail its standard input, after the process id
   */
  record RunHook(
      String program,
      List<String> arguments,
      List<String> environment,
      int timeoutSeconds,
      String stateHead,
      String stateTail)
      implements SupervisionAction {
    public RunHook {
      arguments = List.copyOf(arguments);
      environment = List.copyOf(environment);
    }
  }

  /**
   * Waits until someone connects to an inherited listening socket; a later failure is also reported
   * to that connection, which closes when the workload runs. INSIDE.
   */
  record AwaitStart(int listener) implements SupervisionAction {}

  /**
   * The launcher waits for the workload, passes signals on to it, reports its end, and ends with
   * its exit code. OUTSIDE; without {@link Watch}.
   */
  record AwaitExit() implements SupervisionAction {}

  /**
   * Waits for another plan and its files, and goes on with that one from its first step, which is
   * preceded by what this plan made. OUTSIDE, after {@link NamespaceAction.Clone}; ends a plan.
   * docs/launch-plan.md, "Parked launches"
   *
   * @param socket a passed stream socket; when its other end closes, nothing of the launch is left
   * @param directories empty ones that are removed then: control groups
   */
  record AwaitPlan(int socket, List<String> directories) implements SupervisionAction {
    public AwaitPlan {
      directories = List.copyOf(directories);
    }
  }
}
