/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox;

import org.jspecify.annotations.Nullable;

/** The one exception family of isolations: what, why, and the remedy where one is known. */
public class SandboxException extends RuntimeException {
  private static final long serialVersionUID = 1;

  /** What a caller decides by. */
  public enum Kind {
    /** The workload contradicts itself or leaves its ranges. */
    INVALID(125),
    /** This isolation or this host cannot do that. */
    UNSUPPORTED(125),
    /** The sandbox is not in the state this needs. */
    WRONG_STATE(125),
    /** The command, or a path inside the sandbox, does not exist. */
    NOT_FOUND(127),
    /** The command exists and cannot be executed. */
    NOT_EXECUTABLE(126),
    /** The user may not do that. */
    DENIED(125),
    /** Anything else the host answered. */
    FAILED(125);

    private final int exitCode;

    Kind(int exitCode) {
      this.exitCode = exitCode;
    }

    /** The exit status {@code docker run} gives for it. */
    public int exitCode() {
      return exitCode;
    }
  }

  private final Kind kind;

  public SandboxException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public SandboxException(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  public static SandboxException invalid(String subject, String reason) {
    return new SandboxException(Kind.INVALID, subject + ": " + reason);
  }

  public static SandboxException unsupported(String subject, String reason) {
    return new SandboxException(Kind.UNSUPPORTED, subject + ": " + reason);
  }

  public Kind kind() {
    return kind;
  }
}
