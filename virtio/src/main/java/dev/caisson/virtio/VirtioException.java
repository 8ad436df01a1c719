/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.virtio;

/** Why a device could not go on. */
public final class VirtioException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What a transport decides by. */
  public enum Kind {
    /** The guest broke a rule of the specification: its device is marked broken until reset. */
    GUEST,
    /** The other VMM broke a rule of vhost-user: the connection ends. */
    PEER,
    /** The host could not serve: a file, a tap or memory failed. */
    HOST
  }

  private final Kind kind;

  public VirtioException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public VirtioException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** The guest did what the specification forbids. */
  public static VirtioException guest(String message) {
    return new VirtioException(Kind.GUEST, message);
  }

  public Kind kind() {
    return kind;
  }
}
