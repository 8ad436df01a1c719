/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.words;

/**
 * A command that declares its words itself. Reading annotations takes longer than most disk
 * commands, which is why those that also run in a JVM of their own do without.
 */
public interface Spoken {
  /** Declares what the command takes, onto this object's own fields: for one reading. */
  Words words();
}
