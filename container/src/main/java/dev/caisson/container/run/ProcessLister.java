/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.ability.Listable.ProcessTable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Lists processes by the host's ps(1), of which only a container's own lines are kept. */
record ProcessLister(List<Integer> pids) {
  private static final int PATIENCE_SECONDS = 10;

  ProcessTable list(List<String> options) {
    var command = new ArrayList<String>();
    command.add("ps");
    command.addAll(options.isEmpty() ? List.of("-ef") : options);
    List<String> lines = run(command);
    if (lines.isEmpty()) {
      throw SandboxException.invalid("ps " + String.join(" ", options), "printed nothing");
    }
    List<String> titles = List.of(lines.getFirst().strip().split("\\s+"));
    int pidColumn = titles.indexOf("PID");
    if (pidColumn < 0) {
      throw SandboxException.invalid(
          "ps " + String.join(" ", options), "has no column PID to choose lines by; add it");
    }
    var rows = new ArrayList<List<String>>();
    for (String line : lines.subList(1, lines.size())) {
      // The last column, the command, may hold spaces.
      List<String> cells = List.of(line.strip().split("\\s+", titles.size()));
      if (cells.size() == titles.size() && isOurs(cells.get(pidColumn))) {
        rows.add(cells);
      }
    }
    return new ProcessTable(titles, rows);
  }

  private boolean isOurs(String pid) {
    return pid.matches("[0-9]{1,9}") && pids.contains(Integer.valueOf(pid));
  }

  private static List<String> run(List<String> command) {
    try {
      Process ps = new ProcessBuilder(command).redirectErrorStream(true).start();
      ps.getOutputStream().close();
      List<String> lines =
          new String(ps.getInputStream().readAllBytes(), StandardCharsets.UTF_8).lines().toList();
      if (!ps.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS) || ps.exitValue() != 0) {
        ps.destroyForcibly();
        throw SandboxException.invalid(String.join(" ", command), String.join(" ", lines));
      }
      return lines;
    } catch (IOException failed) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, "ps: not found on this host; install procps", failed);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new SandboxException(SandboxException.Kind.FAILED, "ps: interrupted", stop);
    }
  }
}
