/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import dev.caisson.sandbox.SandboxException;

/**
 * How much of the output is kept.
 *
 * @param fileBytes when a file is full and the next begins; at least 4,096
 * @param files how many are kept, 1 to 100; 0 to keep nothing
 */
public record LogPolicy(long fileBytes, int files) {
  public static final LogPolicy DEFAULT = new LogPolicy(10L << 20, 2);
  public static final LogPolicy NOTHING = new LogPolicy(4096, 0);

  public LogPolicy {
    if (fileBytes < 4096 || files < 0 || files > 100) {
      throw SandboxException.invalid("log of " + files + " files", "size or number out of range");
    }
  }
}
