/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import org.jspecify.annotations.Nullable;

/** A build that cannot go on; the message names the instruction and the reason. */
public sealed class BuildException extends RuntimeException permits CommandFailedException {
  private static final long serialVersionUID = 1;

  public BuildException(String message) {
    super(message);
  }

  public BuildException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }
}
