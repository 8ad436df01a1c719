/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.net;

/** Bytes that are no netlink message; seen only if the kernel speaks a dialect we do not know. */
public final class MalformedMessageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  MalformedMessageException(String reason) {
    super("malformed netlink message: " + reason);
  }
}
