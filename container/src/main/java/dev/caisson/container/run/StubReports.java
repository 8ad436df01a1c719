/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.launch.run.Launch;
import dev.caisson.launch.run.Report;
import dev.caisson.sandbox.SandboxException;
import java.util.Optional;

/** What a stub is expected to say of its launch. */
final class StubReports {
  private StubReports() {}

  /**
   * Waits for a report of this kind.
   *
   * @param name of what is started, for words
   * @throws SandboxException why there is none; the launch is over and closed then
   */
  static <R extends Report> R expect(Class<R> kind, Launch launched, String name) {
    Optional<Report> report = launched.next();
    if (report.filter(kind::isInstance).isPresent()) {
      return kind.cast(report.get());
    }
    launched.process().await();
    launched.close();
    throw report
        .map(other -> LaunchFailure.explain(name, launched.plan(), other))
        .orElseGet(() ->
            new SandboxException(
                SandboxException.Kind.FAILED, name + " did not start: the stub was killed"));
  }
}
