/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.run.Launch;
import dev.caisson.launch.run.Launcher;
import dev.caisson.launch.run.Report;
import dev.caisson.linux.Errno;
import dev.caisson.linux.Fd;
import dev.caisson.stub.Stub;
import java.util.List;

/** Starts stubs that have this process's own streams, and hears what they report. */
final class StubStart {
  private StubStart() {}

  /**
   * @param passed what the plan names by {@link dev.caisson.launch.Handle#FIRST_DESCRIPTOR} and the
   *     numbers after it
   */
  static Launch start(LaunchPlan plan, List<Fd> passed) {
    // Numbers 0 to 2 are this process's own streams; they are not ours to close.
    var streams = new Launcher.Streams(Fd.adopt(0), Fd.adopt(1), Fd.adopt(2));
    try (var launcher = new Launcher(Stub.program())) {
      return launcher.start(plan, streams, passed);
    }
  }

  /**
   * Waits for the new process.
   *
   * @throws OciException why there is none
   */
  static int pid(Launch launch) {
    return switch (launch
        .next()
        .orElseThrow(() -> new OciException("the stub ended without a report"))) {
      case Report.Created created -> created.pid();
      case Report.Running running -> running.pid();
      case Report.Failed failed -> throw failure(launch.plan(), failed);
      case Report.Exited exited -> throw new OciException("ended at once with " + exited.code());
    };
  }

  private static OciException failure(LaunchPlan plan, Report.Failed failed) {
    int count = plan.steps().size();
    String step = failed.step() < count ? plan.steps().get(failed.step()).name() : "?";
    return new OciException(
        "step %d of %d, %s: %s".formatted(failed.step() + 1, count, step, reason(failed)));
  }

  /** With the kernel's own words, by which callers such as Podman tell a missing command. */
  static String reason(Report.Failed failed) {
    Errno errno = Errno.of(failed.errno());
    return failed.detail() + ": " + errno + ", " + errno.meaning();
  }
}
