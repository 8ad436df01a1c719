/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.buildkit.wire;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Map;

/**
 * Writes one message; as proto3 has it, what is zero, false or empty is left out.
 *
 * <p>Source: Protocol Buffers, "Encoding".
 */
public final class ProtoWriter {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  public byte[] toBytes() {
    return out.toByteArray();
  }

  public ProtoWriter number(int field, long value) {
    if (value != 0) {
      tag(field, ProtoReader.VARINT);
      varint(value);
    }
    return this;
  }

  public ProtoWriter flag(int field, boolean value) {
    return number(field, value ? 1 : 0);
  }

  public ProtoWriter text(int field, String value) {
    return bytes(field, value.getBytes(StandardCharsets.UTF_8));
  }

  public ProtoWriter bytes(int field, byte[] value) {
    return value.length == 0 ? this : present(field, value);
  }

  /** A message is written even when it is empty: its presence tells something. */
  public ProtoWriter message(int field, ProtoWriter value) {
    return present(field, value.toBytes());
  }

  public ProtoWriter map(int field, Map<String, String> values) {
    values.forEach((key, value) -> message(field, new ProtoWriter().text(1, key).text(2, value)));
    return this;
  }

  /** {@code google.protobuf.Timestamp}. */
  public ProtoWriter time(int field, Instant value) {
    return message(
        field, new ProtoWriter().number(1, value.getEpochSecond()).number(2, value.getNano()));
  }

  private ProtoWriter present(int field, byte[] value) {
    tag(field, ProtoReader.LENGTH);
    varint(value.length);
    out.writeBytes(value);
    return this;
  }

  private void tag(int field, int type) {
    varint((long) field << 3 | type);
  }

  private void varint(long value) {
    long rest = value;
    while ((rest & ~0x7fL) != 0) {
      out.write((int) (rest & 0x7f | 0x80));
      rest >>>= 7;
    }
    out.write((int) rest);
  }
}
