/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.StepFailure;
import dev.caisson.launch.run.Report;
import dev.caisson.linux.Errno;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.SandboxException.Kind;

/** What a stub reported instead of what was expected, in words. */
final class LaunchFailure {
  private LaunchFailure() {}

  static SandboxException explain(String name, LaunchPlan plan, Report reported) {
    return reported instanceof Report.Failed report
        ? StepFailure.of(name, plan, report.step(), Errno.of(report.errno()), report.detail())
        : new SandboxException(Kind.FAILED, name + " ended while it was starting: " + reported);
  }
}
