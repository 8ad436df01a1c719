/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build.dockerfile;

/** A Dockerfile that cannot be understood; the message names the line and what was expected. */
public final class DockerfileException extends RuntimeException {
  private static final long serialVersionUID = 1;
  private final int line;

  public DockerfileException(int line, String message) {
    super("Dockerfile line " + line + ": " + message);
    this.line = line;
  }

  /** The line of the file, from 1. */
  public int line() {
    return line;
  }
}
