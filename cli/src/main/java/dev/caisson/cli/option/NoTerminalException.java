/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

/** A terminal is asked for where the caller has none. docker ends with 1 then, not with 125. */
public final class NoTerminalException extends RuntimeException {
  private static final long serialVersionUID = 1;

  NoTerminalException() {
    super("the input device is not a TTY");
  }
}
