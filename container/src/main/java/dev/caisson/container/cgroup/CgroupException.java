/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

/** A control group that could not be made, read or changed: which file, what, and the answer. */
public final class CgroupException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public CgroupException(String message, Throwable cause) {
    super(message, cause);
  }
}
