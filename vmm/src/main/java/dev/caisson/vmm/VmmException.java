/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm;

/** Why a machine could not be made, or went on no longer. */
public final class VmmException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What a caller decides by. */
  public enum Kind {
    /**
     * A kernel, initial file system or snapshot is not what it should be; the text has the offset.
     */
    BAD_IMAGE,
    /** The machine's description contradicts itself or leaves its ranges. */
    INVALID,
    /** This host cannot: no /dev/kvm, no rights, no memory. */
    HOST,
    /** The machine is not in the state this needs. */
    WRONG_STATE
  }

  private final Kind kind;

  public VmmException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public VmmException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /**
   * @param offset in the image, bytes from its start
   */
  public static VmmException badImage(String what, long offset, String reason) {
    return new VmmException(
        Kind.BAD_IMAGE, "%s refused at offset 0x%x: %s".formatted(what, offset, reason));
  }

  public Kind kind() {
    return kind;
  }
}
