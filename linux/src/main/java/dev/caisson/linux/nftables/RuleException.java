/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.nftables;

/** Commands that nftables refused, none of which took effect. */
public final class RuleException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  RuleException(String reason) {
    super("nftables refused: " + reason.strip());
  }
}
