/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.run;

/** What the stub tells about a launch, over the status pipe. docs/launch-plan.md, "Reports" */
public sealed interface Report {

  /**
   * The new process is complete and awaits its start.
   *
   * @param pid in the launcher's PID namespace
   */
  record Created(int pid) implements Report {}

  /**
   * The workload runs.
   *
   * @param pid in the launcher's PID namespace
   */
  record Running(int pid) implements Report {}

  /**
   * Nothing runs.
   *
   * @param step position in the plan, from 0
   * @param errno the kernel's answer
   * @param detail the call and its subject
   */
  record Failed(int step, int errno, String detail) implements Report {}

  /**
   * The workload ended.
   *
   * @param code exit code, or 128 plus the signal
   */
  record Exited(int code) implements Report {}
}
