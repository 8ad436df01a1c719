/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.stream;

import dev.caisson.engine.Feed;
import dev.caisson.engine.LogOptions;
import dev.caisson.engine.Output;
import dev.caisson.engine.instance.Failures;
import dev.caisson.engine.view.LogRecord;
import dev.caisson.sandbox.ability.Logged;
import java.io.IOException;
import java.time.Instant;
import java.util.Optional;

/** A container's log as its isolation keeps it. */
final class LogFeed implements Feed<LogRecord> {
  private final Logged.Entries entries;
  private final LogOptions options;
  private volatile boolean closed;

  private LogFeed(Logged.Entries entries, LogOptions options) {
    this.entries = entries;
    this.options = options;
  }

  static LogFeed of(Logged logged, LogOptions options) {
    var range =
        new Logged.Range(
            options.since().orElse(Instant.MIN),
            options.until().orElse(Instant.MAX),
            options.tail(),
            options.follow());
    return new LogFeed(logged.logs(range), options);
  }

  @Override
  public Optional<LogRecord> next() {
    try {
      while (!closed) {
        var entry = entries.next();
        if (entry.isEmpty()) {
          return Optional.empty();
        }
        var stream = Streams.stream(entry.get().stream());
        if (stream == Output.Stream.STDERR ? options.stderr() : options.stdout()) {
          var data = new byte[entry.get().bytes().remaining()];
          entry.get().bytes().get(data);
          return Optional.of(new LogRecord(entry.get().time(), stream, data));
        }
      }
    } catch (IOException e) {
      if (!closed) {
        throw Failures.of(e);
      }
    }
    return Optional.empty();
  }

  @Override
  public void close() {
    closed = true;
    entries.close();
  }
}
