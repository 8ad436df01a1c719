/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.network;

/** A network request that cannot be met: what, why, and what to do instead. */
public final class NetworkException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What a caller can decide by. */
  public enum Kind {
    /** The request contradicts itself or is out of range. */
    INVALID,
    /** An address or port is taken. */
    IN_USE,
    /** No address or subnet is left. */
    EXHAUSTED,
    NOT_FOUND,
    /** This host, or this user, cannot do it. */
    UNAVAILABLE
  }

  private final Kind kind;
  private final String remedy;

  public NetworkException(Kind kind, String reason, String remedy) {
    super(reason);
    this.kind = kind;
    this.remedy = remedy;
  }

  public NetworkException(Kind kind, String reason, String remedy, Throwable cause) {
    super(reason, cause);
    this.kind = kind;
    this.remedy = remedy;
  }

  public static NetworkException invalid(String reason, String remedy) {
    return new NetworkException(Kind.INVALID, reason, remedy);
  }

  public Kind kind() {
    return kind;
  }

  /** What may help, in one sentence; may be empty. */
  public String remedy() {
    return remedy;
  }
}
