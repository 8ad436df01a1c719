/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.solve;

import dev.caisson.build.BuildOutput;
import dev.caisson.build.BuildStep;
import dev.caisson.buildkit.wire.ProtoWriter;
import dev.caisson.engine.Output;
import dev.caisson.engine.ProgressListener;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Draws a build as BuildKit's clients want to see it: one vertex after the other. */
final class Vertexes implements BuildOutput {
  /** What one step may print; BuildKit's own limit. */
  private static final long LOG_LIMIT = 2L << 20;

  private final StatusLog log;
  private final String build;
  private int count;
  private @Nullable Vertex current;
  private Optional<String> previous = Optional.empty();

  Vertexes(StatusLog log, String build) {
    this.log = log;
    this.build = build;
  }

  private static final class Vertex {
    private final String digest;
    private final String name;
    private final Optional<String> input;
    private final Instant started = Instant.now();
    private final Map<String, Instant> transfers = new HashMap<>();
    private boolean cached;
    private long logged;

    Vertex(String digest, String name, Optional<String> input) {
      this.digest = digest;
      this.name = name;
      this.input = input;
    }

    ProtoWriter write() {
      var out = new ProtoWriter().text(1, digest);
      input.ifPresent(each -> out.text(2, each));
      return out.text(3, name).flag(4, cached).time(5, started);
    }
  }

  @Override
  public void print(String text) {
    // The classic builder's headings are drawn as vertexes here.
  }

  @Override
  public synchronized void begin(BuildStep step) {
    end(Optional.empty());
    Vertex next = new Vertex(digest(build + " " + count++), step.name(), previous);
    log.add(new ProtoWriter().message(1, next.write()));
    current = next;
  }

  @Override
  public synchronized void cached() {
    if (current != null) {
      current.cached = true;
    }
  }

  @Override
  public synchronized void command(Output.Stream stream, String text) {
    Vertex vertex = current;
    if (vertex == null || text.isEmpty() || vertex.logged > LOG_LIMIT) {
      return;
    }
    vertex.logged += text.length();
    String shown = vertex.logged > LOG_LIMIT ? "[output clipped, log limit 2MiB reached]\n" : text;
    log.add(
        new ProtoWriter()
            .message(
                3,
                new ProtoWriter()
                    .text(1, vertex.digest)
                    .time(2, Instant.now())
                    .number(3, stream == Output.Stream.STDERR ? 2 : 1)
                    .bytes(4, shown.getBytes(StandardCharsets.UTF_8))));
  }

  @Override
  public synchronized void transfer(ProgressListener.Step step) {
    if (!step.subject().isEmpty()) {
      boolean done =
          step.current().isEmpty() || step.current().getAsLong() == step.total().orElse(-1);
      status(
          step.status() + " " + step.subject(),
          step.current().orElse(0),
          step.total().orElse(0),
          done);
    }
  }

  /**
   * A line below the step that is going on.
   *
   * @param done whether it is over with this
   */
  synchronized void status(String name, long bytes, long total, boolean done) {
    Vertex vertex = current;
    if (vertex == null) {
      return;
    }
    Instant now = Instant.now();
    var line =
        new ProtoWriter()
            .text(1, name)
            .text(2, vertex.digest)
            .number(4, bytes)
            .number(5, total)
            .time(6, now)
            .time(7, vertex.transfers.computeIfAbsent(name, _ -> now));
    if (done) {
      line.time(8, now);
    }
    log.add(new ProtoWriter().message(2, line));
  }

  /** Ends the step that is going on, if there is one. */
  synchronized void end(Optional<String> error) {
    Vertex vertex = current;
    if (vertex == null) {
      return;
    }
    var out = vertex.write().time(6, Instant.now());
    error.ifPresent(message -> out.text(7, message));
    log.add(new ProtoWriter().message(1, out));
    previous = Optional.of(vertex.digest);
    current = null;
  }

  private static String digest(String text) {
    try {
      return "sha256:"
          + HexFormat.of()
              .formatHex(
                  MessageDigest.getInstance("SHA-256")
                      .digest(text.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException missing) {
      throw new IllegalStateException(missing);
    }
  }
}
