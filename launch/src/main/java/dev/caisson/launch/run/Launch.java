/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.run;

import dev.caisson.linux.Fd;
import dev.caisson.linux.io.Channel;
import dev.caisson.linux.process.ProcessFd;
import java.util.Optional;
import java.util.OptionalInt;

/** A launch under way, or the monitor it turned into: the stub's process and its reports. */
public final class Launch implements AutoCloseable {
  private final ProcessFd process;
  private final Channel status;
  private final ReportReader reader = new ReportReader();

  Launch(ProcessFd process, Channel status) {
    this.process = process;
    this.status = status;
  }

  /** The stub: launcher, then monitor. */
  public ProcessFd process() {
    return process;
  }

  /** Readable when a report waits, for an event loop; then call {@link #next}. */
  public Fd statusFd() {
    return status.fd();
  }

  /** Waits for the next report; empty when the stub has none to give any more. */
  public Optional<Report> next() {
    byte[] bytes = new byte[512];
    while (true) {
      Optional<Report> report = reader.next();
      if (report.isPresent()) {
        return report;
      }
      byte[] target = reader.space() < bytes.length ? new byte[reader.space()] : bytes;
      OptionalInt got = status.read(target);
      if (got.isPresent() && got.getAsInt() <= 0) {
        return Optional.empty();
      }
      got.ifPresent(length -> reader.add(target, length));
    }
  }

  /** Stops listening; a monitor goes on. */
  @Override
  public void close() {
    status.close();
    process.close();
  }
}
