/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

/**
 * One step of a launch: an action, who carries it out, and words for people.
 *
 * @param name two to four words, as in "step 3 of 9, switch root"
 * @param why the reason, one sentence without a full stop; may be empty
 */
public record Step(String name, String why, Side side, Action action) {

  /** A step of the launcher. */
  public static Step outside(String name, Action action) {
    return new Step(name, "", Side.OUTSIDE, action);
  }

  /** A step of the new process. */
  public static Step inside(String name, Action action) {
    return new Step(name, "", Side.INSIDE, action);
  }

  /** The same with its reason, one sentence without a full stop. */
  public Step because(String reason) {
    return new Step(name, reason, side, action);
  }
}
