/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

/** A constant that travels in an encoded plan as the number the kernel gives it. */
public interface Coded {
  /** The kernel's number: a single bit for constants that are combined in sets. */
  long code();
}
