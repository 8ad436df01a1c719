/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

import java.util.List;

/** A RUN whose command ended with another exit code than 0. */
public final class CommandFailedException extends BuildException {
  private static final long serialVersionUID = 1;

  private final String command;
  private final int code;

  CommandFailedException(List<String> words, int code) {
    super("The command '" + String.join(" ", words) + "' returned a non-zero code: " + code);
    this.command = String.join(" ", words);
    this.code = code;
  }

  public String command() {
    return command;
  }

  public int code() {
    return code;
  }
}
