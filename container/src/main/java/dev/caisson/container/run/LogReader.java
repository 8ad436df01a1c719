/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.sandbox.ability.Attachment.Stream;
import dev.caisson.sandbox.ability.Logged;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads the log files a monitor writes: Docker's json-file lines in {@code log}, {@code log.1} and
 * so on, newest first by name. Rotation under a reader is noticed by the file's identity.
 */
final class LogReader implements Logged.Entries {
  private static final JsonMapper JSON = new JsonMapper();
  private static final long POLL_MILLIS = 100;

  private final Path directory;
  private final Logged.Range range;
  private final CompletableFuture<?> ended;
  private final Deque<Logged.Entry> queue = new ArrayDeque<>();
  private @Nullable RandomAccessFile current;
  private @Nullable Object identity;
  private boolean begun;
  private volatile boolean closed;

  LogReader(Path directory, Logged.Range range, CompletableFuture<?> ended) {
    this.directory = directory;
    this.range = range;
    this.ended = ended;
  }

  @Override
  public Optional<Logged.Entry> next() throws IOException {
    if (!begun) {
      begun = true;
      begin();
    }
    while (!closed) {
      Logged.Entry entry = queue.poll();
      if (entry != null) {
        if (entry.time().isAfter(range.until())) {
          return Optional.empty();
        }
        return Optional.of(entry);
      }
      if (!range.follow()) {
        return Optional.empty();
      }
      boolean last = ended.isDone();
      if (!readMore() && last) {
        return Optional.empty();
      }
      if (queue.isEmpty()) {
        pause();
      }
    }
    return Optional.empty();
  }

  private static void pause() throws IOException {
    try {
      Thread.sleep(POLL_MILLIS);
    } catch (InterruptedException stop) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while following a log", stop);
    }
  }

  /** Reads what there is, the oldest file first, and keeps only the tail asked for. */
  private void begin() throws IOException {
    for (Path file : rotated()) {
      open(file);
      drain();
    }
    open(directory.resolve("log"));
    drain();
    while (range.tail() >= 0 && queue.size() > range.tail()) {
      queue.poll();
    }
  }

  private List<Path> rotated() {
    var files = new ArrayList<Path>();
    for (int number = 1; Files.exists(directory.resolve("log." + number)); number++) {
      files.addFirst(directory.resolve("log." + number));
    }
    return files;
  }

  private void open(Path file) throws IOException {
    if (current != null) {
      current.close();
      current = null;
    }
    if (Files.exists(file)) {
      current = new RandomAccessFile(file.toFile(), "r");
      identity = Files.readAttributes(file, "unix:ino").get("ino");
    }
  }

  private boolean readMore() throws IOException {
    boolean read = drain();
    Path newest = directory.resolve("log");
    if (Files.exists(newest)
        && !Objects.equals(Files.readAttributes(newest, "unix:ino").get("ino"), identity)) {
      open(newest);
      read |= drain();
    }
    return read;
  }

  /** Takes all complete lines from the current position on. */
  private boolean drain() throws IOException {
    if (current == null) {
      return false;
    }
    boolean read = false;
    while (true) {
      long start = current.getFilePointer();
      String line = current.readLine();
      if (line == null) {
        return read;
      }
      boolean complete = ends(start, line);
      if (!complete) {
        current.seek(start); // the monitor is still writing it
        return read;
      }
      read = true;
      // readLine makes each byte a character.
      parse(new String(line.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8))
          .filter(entry -> !entry.time().isBefore(range.since()))
          .ifPresent(this::keep);
    }
  }

  private boolean ends(long start, String line) throws IOException {
    return current != null && current.getFilePointer() == start + line.length() + 1;
  }

  private void keep(Logged.Entry entry) {
    queue.add(entry);
    // While looking for a tail nothing before it needs room in memory.
    if (range.tail() >= 0 && queue.size() > Math.max(1, range.tail()) * 2L && !range.follow()) {
      queue.poll();
    }
  }

  private static Optional<Logged.Entry> parse(String line) {
    try {
      JsonNode json = JSON.readTree(line);
      Stream stream =
          json.path("stream").asString("").equals("stderr") ? Stream.STDERR : Stream.STDOUT;
      byte[] bytes = json.path("log").asString("").getBytes(StandardCharsets.UTF_8);
      Instant time = Instant.parse(json.path("time").asString(""));
      return Optional.of(new Logged.Entry(time, stream, ByteBuffer.wrap(bytes)));
    } catch (JacksonException | DateTimeParseException torn) {
      return Optional.empty(); // cut off by a full disk or a power failure
    }
  }

  @Override
  public void close() {
    closed = true;
    try {
      if (current != null) {
        current.close();
      }
    } catch (IOException ignored) {
      // only read from
    }
  }
}
