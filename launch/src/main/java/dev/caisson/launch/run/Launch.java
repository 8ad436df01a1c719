/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.run;

import dev.caisson.launch.LaunchPlan;
import dev.caisson.linux.Fd;
import dev.caisson.linux.io.Channel;
import dev.caisson.linux.process.ProcessFd;
import java.util.Optional;
import java.util.OptionalInt;

/** A launch under way, or the monitor it turned into: the stub's process and its reports. */
public final class Launch implements AutoCloseable {
  private final LaunchPlan plan;
  private final ProcessFd process;
  private final Channel status;
  private final ReportReader reader = new ReportReader();

  Launch(LaunchPlan plan, ProcessFd process, Channel status) {
    this.plan = plan;
    this.process = process;
    this.status = status;
  }

  /** What it carries out, to which the positions in its reports belong. */
  public LaunchPlan plan() {
    return plan;
  }

  /** The same stub, which has been handed another plan to go on with. */
  public Launch goingOnWith(LaunchPlan next) {
    return new Launch(next, process, status);
  }

  /** The stub: launcher, then monitor. */
  public ProcessFd process() {
    return process;
  }

  /** Readable when a report waits, for an event loop; then call {@link #next}. */
  public Fd statusFd() {
    return status.fd();
  }

  /**
   * Waits for the next report; empty when the stub has none to give any more. Reads no further than
   * that report, so that an event loop is told of what follows it.
   */
  public Optional<Report> next() {
    while (reader.missing() > 0) {
      byte[] target = new byte[reader.missing()];
      OptionalInt got = status.read(target);
      if (got.isPresent() && got.getAsInt() <= 0) {
        return Optional.empty();
      }
      got.ifPresent(length -> reader.add(target, length));
    }
    return reader.next();
  }

  /** Stops listening; the process is the caller's still. */
  public void closeStatus() {
    status.close();
  }

  /** Stops listening; a monitor goes on. */
  @Override
  public void close() {
    status.close();
    process.close();
  }
}
