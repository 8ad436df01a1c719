/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.sandbox.workload;

import dev.caisson.sandbox.SandboxException;
import java.time.Duration;

/**
 * How a workload is asked to end.
 *
 * @param signal sent first
 * @param timeout how long it then has before it is killed; negative for ever
 */
public record StopPolicy(int signal, Duration timeout) {
  public static final StopPolicy DEFAULT = new StopPolicy(15, Duration.ofSeconds(10));

  public StopPolicy {
    if (signal < 1 || signal > 64) {
      throw SandboxException.invalid("stop signal " + signal, "must be 1 to 64");
    }
  }
}
