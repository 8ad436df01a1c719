/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.linux.io.Channel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What the stub says of a launch. docs/launch-plan.md, "Reports"
 *
 * @param step position of the failing step, from 0
 * @param value a process id, errno or exit code, by kind
 * @param detail call and subject of a failure
 */
record Report(Kind kind, int step, int value, String detail) {
  enum Kind {
    CREATED(1),
    RUNNING(2),
    FAILED(3),
    EXITED(4);

    private final int number;

    Kind(int number) {
      this.number = number;
    }

    private static Optional<Kind> of(int number) {
      for (Kind kind : values()) {
        if (kind.number == number) {
          return Optional.of(kind);
        }
      }
      return Optional.empty();
    }
  }

  private static final int HEADER = 16;
  private static final int LONGEST_DETAIL = 4096;

  /** Waits for the next report; empty when the stub has ended without one. */
  static Optional<Report> read(Channel status) {
    Optional<ByteBuffer> header = readFully(status, HEADER);
    if (header.isEmpty()) {
      return Optional.empty();
    }
    ByteBuffer fields = header.get();
    Optional<Kind> kind = Kind.of(fields.getInt());
    int step = fields.getInt();
    int value = fields.getInt();
    int length = fields.getInt();
    if (kind.isEmpty() || length < 0 || length > LONGEST_DETAIL) {
      return Optional.empty();
    }
    return readFully(status, length)
        .map(detail ->
            new Report(kind.get(), step, value, StandardCharsets.UTF_8.decode(detail).toString()));
  }

  private static Optional<ByteBuffer> readFully(Channel status, int size) {
    ByteBuffer all = ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    while (all.hasRemaining()) {
      byte[] part = new byte[all.remaining()];
      OptionalInt count = status.read(part);
      if (count.isEmpty() || count.getAsInt() < 0) {
        return Optional.empty();
      }
      all.put(part, 0, count.getAsInt());
    }
    return Optional.of(all.flip());
  }
}
