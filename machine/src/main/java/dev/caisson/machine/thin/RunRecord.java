/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.sandbox.Exit;
import dev.caisson.sandbox.SandboxException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Optional;

/**
 * What must outlive the engine: that a run began and as which process, and how it ended. Each is
 * one line in a file, put in place at once.
 */
final class RunRecord {
  /** A machine that was cut off with its engine. */
  static final int LOST = 137;

  private final Path began;
  private final Path ended;

  RunRecord(Path directory) {
    this.began = directory.resolve("began");
    this.ended = directory.resolve("ended");
  }

  /**
   * @param pid the process that runs the machine, 0 for the engine's own
   */
  record Began(long pid, Instant time) {}

  void begin(long pid, Instant now) {
    try {
      Files.deleteIfExists(ended);
      write(began, pid + " " + now);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  void end(Exit exit) {
    write(
        ended,
        exit.code() + " " + exit.outOfMemory() + " " + exit.startedAt() + " " + exit.finishedAt());
  }

  /** A run that began; also one that has ended. */
  Optional<Began> began() {
    return read(began)
        .map(fields -> new Began(Long.parseLong(fields[0]), Instant.parse(fields[1])));
  }

  Optional<Exit> ended() {
    return read(ended)
        .map(fields ->
            new Exit(
                Integer.parseInt(fields[0]),
                Boolean.parseBoolean(fields[1]),
                Instant.parse(fields[2]),
                Instant.parse(fields[3])));
  }

  private static Optional<String[]> read(Path file) {
    try {
      return Files.exists(file)
          ? Optional.of(Files.readString(file).strip().split(" "))
          : Optional.empty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Path file, String line) {
    Path partial = file.resolveSibling(file.getFileName() + ".part");
    try (var out =
        FileChannel.open(
            partial,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      out.write(ByteBuffer.wrap((line + "\n").getBytes(StandardCharsets.UTF_8)));
      out.force(true);
      Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new SandboxException(
          SandboxException.Kind.FAILED, "cannot write " + file + ": " + e.getMessage(), e);
    }
  }
}
