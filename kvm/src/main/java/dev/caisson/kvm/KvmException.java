/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.kvm;

import dev.caisson.linux.LinuxException;

/** What /dev/kvm refused. */
public final class KvmException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What a caller decides by. */
  public enum Kind {
    /** No /dev/kvm, or not for this user. */
    UNAVAILABLE,
    /** The kernel is too old or lacks a capability. */
    UNSUPPORTED,
    /** One call failed. */
    FAILED
  }

  private final Kind kind;

  public KvmException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public KvmException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  static KvmException failed(LinuxException cause) {
    return new KvmException(Kind.FAILED, String.valueOf(cause.getMessage()), cause);
  }

  public Kind kind() {
    return kind;
  }
}
