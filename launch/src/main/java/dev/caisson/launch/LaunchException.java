/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

/**
 * A plan, program or profile that cannot be used; the message says which part and what to change.
 */
public final class LaunchException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What a caller may decide on. */
  public enum Kind {
    /** A step, or the order of steps, that no executor would accept. */
    INVALID_PLAN,
    /** Bytes that are not an encoded plan of a known version. */
    MALFORMED_BYTES,
    /** A seccomp profile that is not understood or cannot be compiled. */
    INVALID_PROFILE
  }

  private final Kind kind;

  public LaunchException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public LaunchException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }
}
