/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.stream;

import dev.caisson.engine.AttachOptions;
import dev.caisson.engine.Attachment;
import dev.caisson.engine.Feed;
import dev.caisson.engine.Output;
import dev.caisson.engine.instance.Failures;
import dev.caisson.engine.view.LogRecord;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** A sandbox's streams as clients see them: replayed, filtered, with keys that detach. */
final class Streams implements Attachment {
  private final dev.caisson.sandbox.ability.Attachment streams;
  private final AttachOptions options;
  private final DetachKeys keys;
  private final boolean tty;
  private final Runnable onDetach;
  private @Nullable Feed<LogRecord> replay;
  private volatile boolean detached;
  private volatile boolean closed;

  Streams(
      dev.caisson.sandbox.ability.Attachment streams,
      AttachOptions options,
      boolean tty,
      Optional<Feed<LogRecord>> replay,
      Runnable onDetach) {
    this.streams = streams;
    this.options = options;
    // Nobody types them where there is no terminal: there these bytes are data like any other.
    this.keys = DetachKeys.parse(tty ? options.detachKeys() : "");
    this.tty = tty;
    this.replay = replay.orElse(null);
    this.onDetach = onDetach;
  }

  @Override
  public boolean tty() {
    return tty;
  }

  @Override
  public Optional<Output> next() {
    if (replay != null) {
      var old = replay.next();
      if (old.isPresent()) {
        return old.map(record -> new Output(record.stream(), record.data()));
      }
      replay.close();
      replay = null;
    }
    if (!options.stream()) {
      return Optional.empty();
    }
    try {
      while (!closed) {
        var chunk = streams.read();
        if (chunk.isEmpty()) {
          return Optional.empty();
        }
        var stream = stream(chunk.get().stream());
        if (wanted(stream)) {
          var data = new byte[chunk.get().bytes().remaining()];
          chunk.get().bytes().get(data);
          return Optional.of(new Output(stream, data));
        }
      }
    } catch (IOException e) {
      if (!closed) {
        throw Failures.of(e);
      }
    }
    return Optional.empty();
  }

  static Output.Stream stream(dev.caisson.sandbox.ability.Attachment.Stream stream) {
    return switch (stream) {
      case STDOUT -> Output.Stream.STDOUT;
      case STDERR -> Output.Stream.STDERR;
    };
  }

  private boolean wanted(Output.Stream stream) {
    return stream == Output.Stream.STDERR ? options.stderr() : options.stdout();
  }

  @Override
  public void write(ByteBuffer bytes) {
    var typed = keys.filter(bytes);
    try {
      if (typed.bytes().hasRemaining()) {
        streams.write(typed.bytes());
      }
    } catch (IOException e) {
      if (!closed) {
        throw Failures.of(e);
      }
    }
    if (typed.detach()) {
      detached = true;
      onDetach.run();
      close();
    }
  }

  @Override
  public void closeInput() {
    try {
      streams.closeInput();
    } catch (IOException e) {
      // The workload has closed it before us.
    }
  }

  @Override
  public void resize(int rows, int columns) {
    try {
      streams.resize(rows, columns);
    } catch (IOException e) {
      throw Failures.of(e);
    }
  }

  @Override
  public boolean detached() {
    return detached;
  }

  @Override
  public void close() {
    closed = true;
    streams.close();
  }
}
