/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.run;

import dev.caisson.launch.LaunchException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/** Cuts the bytes of a status pipe, in whatever portions they arrive, into reports. */
public final class ReportReader {
  private static final int HEADER_SIZE = 16;
  private static final int MAX_DETAIL = 480;

  private final ByteBuffer buffer =
      ByteBuffer.allocate(4 * (HEADER_SIZE + MAX_DETAIL)).order(ByteOrder.LITTLE_ENDIAN);

  /** A reader that has seen nothing yet. */
  public ReportReader() {}

  /** Free space for {@link #add}, in bytes. */
  public int space() {
    return buffer.remaining();
  }

  /**
   * How many bytes are missing to the next report as far as can be told, at least to its header.
   */
  public int missing() {
    int present = buffer.position();
    int wanted = present < HEADER_SIZE ? HEADER_SIZE : HEADER_SIZE + length(buffer.getInt(12));
    return Math.max(0, wanted - present);
  }

  private static int length(int announced) {
    if (announced < 0 || announced > MAX_DETAIL) {
      throw malformed("a detail of " + announced + " bytes");
    }
    return announced;
  }

  /** Takes bytes in, at most {@link #space}. */
  public void add(byte[] bytes, int length) {
    buffer.put(bytes, 0, length);
  }

  /**
   * The next complete report.
   *
   * @throws LaunchException MALFORMED_BYTES: these are no reports
   */
  public Optional<Report> next() {
    buffer.flip();
    try {
      if (buffer.remaining() < HEADER_SIZE) {
        return Optional.empty();
      }
      if (buffer.remaining() < HEADER_SIZE + length(buffer.getInt(12))) {
        return Optional.empty();
      }
      int kind = buffer.getInt();
      int step = buffer.getInt();
      int value = buffer.getInt();
      byte[] detail = new byte[buffer.getInt()];
      buffer.get(detail);
      return Optional.of(report(kind, step, value, new String(detail, StandardCharsets.UTF_8)));
    } finally {
      buffer.compact();
    }
  }

  private static Report report(int kind, int step, int value, String detail) {
    return switch (kind) {
      case 1 -> new Report.Created(value);
      case 2 -> new Report.Running(value);
      case 3 -> new Report.Failed(step, value, detail);
      case 4 -> new Report.Exited(value);
      default -> throw malformed("kind " + kind);
    };
  }

  private static LaunchException malformed(String reason) {
    return new LaunchException(LaunchException.Kind.MALFORMED_BYTES, "report with " + reason);
  }
}
