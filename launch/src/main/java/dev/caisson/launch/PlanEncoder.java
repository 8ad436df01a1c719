/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Writes a plan as the bytes an executor reads; docs/launch-plan.md defines them.
 *
 * <p>Names and reasons stay behind: a report gives a step's position, and whoever made the plan has
 * the words.
 */
public final class PlanEncoder {
  static final int MAGIC = 0x4e4c5043; // "CPLN"
  static final int VERSION = 1;
  static final int HEADER_SIZE = 16;
  static final int STEP_HEADER_SIZE = 8;

  /** Largest encoded plan an executor accepts, in bytes. */
  public static final int MAX_SIZE = 4 << 20;

  private ByteBuffer out = ByteBuffer.allocate(8192).order(ByteOrder.LITTLE_ENDIAN);

  private PlanEncoder() {}

  /**
   * @throws LaunchException INVALID_PLAN: a text holds a NUL, or the plan is larger than {@link
   *     #MAX_SIZE}
   */
  public static byte[] encode(LaunchPlan plan) {
    return new PlanEncoder().plan(plan);
  }

  private byte[] plan(LaunchPlan plan) {
    room(HEADER_SIZE).putInt(MAGIC).putInt(VERSION).putInt(0).putInt(plan.steps().size());
    for (Step step : plan.steps()) {
      room(STEP_HEADER_SIZE)
          .putShort((short) ActionCodes.codeOf(step.action()))
          .putShort((short) step.side().code());
      int lengthAt = out.position();
      out.putInt(0);
      record((Record) step.action());
      out.putInt(lengthAt, out.position() - lengthAt - Integer.BYTES);
    }
    if (out.position() > MAX_SIZE) {
      throw new LaunchException(
          LaunchException.Kind.INVALID_PLAN,
          "launch plan of " + out.position() + " bytes; executors accept " + MAX_SIZE);
    }
    out.putInt(8, out.position());
    byte[] encoded = new byte[out.position()];
    out.flip().get(encoded);
    return encoded;
  }

  private void record(Record record) {
    for (var component : Components.of(record.getClass()).all()) {
      value(component.read(record));
    }
  }

  private void value(Object value) {
    switch (value) {
      case Integer number -> room(4).putInt(number);
      case Character letter -> room(4).putInt(letter);
      case Boolean truth -> room(4).putInt(truth ? 1 : 0);
      case Long number -> room(8).putLong(number);
      case Coded constant -> room(8).putLong(constant.code());
      case Set<?> set -> room(8).putLong(bits(set));
      case String text -> text(text);
      case Bytes bytes -> room(4 + bytes.size()).putInt(bytes.size()).put(bytes.toArray());
      case List<?> list -> {
        room(4).putInt(list.size());
        list.forEach(this::value);
      }
      case Optional<?> optional -> {
        room(4).putInt(optional.isPresent() ? 1 : 0);
        optional.ifPresent(this::value);
      }
      case Record record -> record(record);
      default -> throw new IllegalStateException("no encoding for " + value.getClass());
    }
  }

  private static long bits(Collection<?> constants) {
    return constants.stream().mapToLong(Coded::of).reduce(0, (a, b) -> a | b);
  }

  /** Length without the NUL, the bytes, and a NUL, so that an executor can use it in place. */
  private void text(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (text.indexOf('\0') >= 0) {
      throw new LaunchException(
          LaunchException.Kind.INVALID_PLAN,
          "text with a NUL cannot reach the kernel: '" + text.replace('\0', '?') + "'");
    }
    room(4 + bytes.length + 1).putInt(bytes.length).put(bytes).put((byte) 0);
  }

  private ByteBuffer room(int size) {
    if (out.remaining() < size) {
      int capacity = Math.max(out.capacity() * 2, out.position() + size);
      out = ByteBuffer.allocate(capacity).order(ByteOrder.LITTLE_ENDIAN).put(out.flip());
    }
    return out;
  }
}
