/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.vmm;

import dev.caisson.linux.Errno;
import dev.caisson.linux.LinuxException;

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

  /** The host refused a part of a machine; with what would help, if that is known. */
  public static VmmException refused(String machine, Exception cause) {
    LinuxException call =
        cause instanceof LinuxException direct
            ? direct
            : cause.getCause() instanceof LinuxException inner ? inner : null;
    boolean files = call != null && (call.is(Errno.EMFILE) || call.is(Errno.ENFILE));
    String remedy = files ? "; raise the engine's limit of open files (LimitNOFILE)" : "";
    return new VmmException(
        Kind.HOST, machine + " cannot be made: " + cause.getMessage() + remedy, cause);
  }

  public Kind kind() {
    return kind;
  }
}
