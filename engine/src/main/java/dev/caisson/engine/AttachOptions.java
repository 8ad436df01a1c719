/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine;

/**
 * Which standard streams to connect.
 *
 * @param replay send what the log already holds first
 * @param stream stay connected for what comes
 * @param detachKeys the sequence of keys that detaches, as {@code ctrl-p,ctrl-q}; empty for none.
 *     They are heard at a terminal only
 */
public record AttachOptions(
    boolean stdin,
    boolean stdout,
    boolean stderr,
    boolean replay,
    boolean stream,
    String detachKeys) {
  /** As Docker has them. */
  public static final String DEFAULT_DETACH_KEYS = "ctrl-p,ctrl-q";

  /** Output only, from now on. */
  public static AttachOptions output() {
    return new AttachOptions(false, true, true, false, true, "");
  }

  /** All three streams with the usual detach keys. */
  public static AttachOptions interactive() {
    return new AttachOptions(true, true, true, false, true, DEFAULT_DETACH_KEYS);
  }
}
