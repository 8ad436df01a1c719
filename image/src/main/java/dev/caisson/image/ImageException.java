/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image;

import java.io.IOException;

/** What went wrong with an image, a layer, the store or a registry, in words a user can act on. */
public final class ImageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** What a caller may decide on. */
  public enum Kind {
    /** No such image, tag, blob or repository. */
    NOT_FOUND,
    /** Malformed or contradictory input: a document, archive, layer, name or answer. */
    INVALID,
    /** The bytes are not the ones their digest names. */
    DIGEST_MISMATCH,
    /** A limit that protects the host was reached. */
    TOO_LARGE,
    /** Well-formed, but not something Caisson does: media type, platform, algorithm. */
    UNSUPPORTED,
    /** The registry wants other credentials. */
    UNAUTHORIZED,
    /** The registry could not be reached, stalled, or kept failing. */
    UNREACHABLE,
    /** Refused because something still uses it, or its name is ambiguous. */
    CONFLICT,
    /** The disk or quota is full. */
    NO_SPACE,
    /** Any other failed input or output on this host. */
    IO
  }

  private final Kind kind;

  public ImageException(Kind kind, String message) {
    super(message);
    this.kind = kind;
  }

  public ImageException(Kind kind, String message, Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** Wraps a failed read or write of {@code subject}, telling a full disk from other causes. */
  public static ImageException io(String subject, IOException cause) {
    var reason = cause.getMessage() == null ? cause.toString() : cause.getMessage();
    return full(reason)
        ? new ImageException(
            Kind.NO_SPACE, subject + ": no space left; free some with `caisson image prune`", cause)
        : new ImageException(Kind.IO, subject + ": " + reason, cause);
  }

  // The JDK reports ENOSPC and EDQUOT only through the message of a plain IOException.
  private static boolean full(String reason) {
    return reason.contains("No space left") || reason.contains("Disk quota exceeded");
  }

  public Kind kind() {
    return kind;
  }
}
