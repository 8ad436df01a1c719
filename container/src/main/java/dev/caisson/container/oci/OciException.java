/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

/** Why an OCI operation is refused or failed: one line that names subject and reason. */
final class OciException extends RuntimeException {
  private static final long serialVersionUID = 1;

  OciException(String message) {
    super(message);
  }

  OciException(String message, Throwable cause) {
    super(message, cause);
  }
}
