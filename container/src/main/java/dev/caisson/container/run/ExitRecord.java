/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.sandbox.Exit;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The file a monitor leaves when its process has ended. docs/monitor.md */
final class ExitRecord {
  private static final JsonMapper JSON = new JsonMapper();
  private static final String NAME = "exit";
  private static final int KILLED = 137;

  private ExitRecord() {}

  static Optional<Exit> read(Path directory) {
    try {
      JsonNode record = JSON.readTree(Files.readString(directory.resolve(NAME)));
      return Optional.of(
          new Exit(
              record.path("code").asInt(KILLED),
              record.path("oomKilled").asBoolean(false),
              Instant.parse(record.path("startedAt").asString()),
              Instant.parse(record.path("finishedAt").asString())));
    } catch (IOException | JacksonException | DateTimeParseException none) {
      return Optional.empty();
    }
  }

  /** What is said of a run whose monitor was killed and could write nothing. */
  static Exit unrecorded(Instant startedAt) {
    return new Exit(KILLED, false, startedAt, Instant.now());
  }

  static void discard(Path directory) throws IOException {
    Files.deleteIfExists(directory.resolve(NAME));
  }
}
