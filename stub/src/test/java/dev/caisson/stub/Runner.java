/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.stub;

import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.run.Launch;
import dev.caisson.launch.run.Launcher;
import dev.caisson.launch.run.Report;
import dev.caisson.linux.Fd;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.linux.io.Memfd;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Runs plans to their end and keeps what they said. */
final class Runner {
  private static final Launcher LAUNCHER = new Launcher(Stub.program());

  record Outcome(List<Report> reports, String output) {
    Report last() {
      return reports.getLast();
    }

    int code() {
      return ((Report.Exited) last()).code();
    }

    Report.Failed failure() {
      return (Report.Failed) last();
    }
  }

  private Runner() {}

  static Launch start(LaunchPlan plan, Fd output, Fd... passed) {
    try (Fd nothing = Directory.openFile(Path.of("/dev/null"), 0, OpenFlag.READ)) {
      return LAUNCHER.start(plan, new Launcher.Streams(nothing, output, output), List.of(passed));
    }
  }

  static Outcome run(LaunchPlan plan, Fd... passed) throws IOException {
    try (Fd output = Memfd.create("output");
        Launch launch = start(plan, output, passed)) {
      var reports = new ArrayList<Report>();
      for (var report = launch.next(); report.isPresent(); report = launch.next()) {
        reports.add(report.get());
      }
      launch.process().await();
      String text = Files.readString(output.path(), StandardCharsets.UTF_8);
      return new Outcome(reports, text);
    }
  }
}
