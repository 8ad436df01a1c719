/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.ability;

/** A sandbox whose first process's streams can be joined. */
public interface Attachable {
  /**
   * Joins the streams of the first process. Before {@code start}, the attachment sees everything
   * from the first byte; later, what comes from now on. Any number may be open at once; one that is
   * not read loses output rather than stop the process or grow in memory.
   */
  Attachment attach();
}
