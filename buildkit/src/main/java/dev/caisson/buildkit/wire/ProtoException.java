/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.wire;

/** Bytes that are no protocol buffer message, or not the one expected. */
public final class ProtoException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public ProtoException(String message) {
    super(message);
  }
}
