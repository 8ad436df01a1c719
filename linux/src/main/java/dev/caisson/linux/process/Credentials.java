/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.process;

import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.SystemCall;

/** Who this process is, real and effective. credentials(7) */
public record Credentials(long realUser, long realGroup, long effectiveUser, long effectiveGroup) {

  public static Credentials own() {
    return new Credentials(
        Downcall.attempt(SystemCall.GETUID, 0),
        Downcall.attempt(SystemCall.GETGID, 0),
        Downcall.attempt(SystemCall.GETEUID, 0),
        Downcall.attempt(SystemCall.GETEGID, 0));
  }

  public boolean isRoot() {
    return effectiveUser == 0;
  }
}
