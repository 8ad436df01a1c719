/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

/**
 * Which of the two processes of a launch carries out a step.
 *
 * <p>A plan is one ordered list. Whenever the next step belongs to the other process, the one that
 * ran so far hands over and waits, so order in the list is order in time.
 */
public enum Side implements Coded {
  /** The launcher, in the namespaces it was started in; later it is the monitor. */
  OUTSIDE(0),
  /**
   * The new process, from its creation by {@link NamespaceAction.Clone} until it becomes the
   * workload.
   */
  INSIDE(1);

  private final int code;

  Side(int code) {
    this.code = code;
  }

  @Override
  public long code() {
    return code;
  }
}
