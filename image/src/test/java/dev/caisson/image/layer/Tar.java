/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Archives for tests, also such as no honest tool writes. */
final class Tar {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  static Tar archive() {
    return new Tar();
  }

  /** A member with whatever name and type. */
  Tar member(int type, String name, String link, byte[] data) {
    out.writeBytes(new TarBlock(type, name, link, Attributes.of(0644), data.length, 0, 0).encode());
    return raw(data);
  }

  Tar pax(Map<String, byte[]> records) {
    var bytes = PaxWriter.encode(records);
    out.writeBytes(TarBlock.paxHeader(bytes.length).encode());
    return raw(bytes);
  }

  Tar file(String name, String content) {
    return member('0', name, "", content.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }

  Tar raw(byte[] data) {
    out.writeBytes(data);
    out.writeBytes(new byte[-data.length & 511]);
    return this;
  }

  byte[] bytes() {
    var copy = new ByteArrayOutputStream();
    copy.writeBytes(out.toByteArray());
    copy.writeBytes(new byte[1024]);
    return copy.toByteArray();
  }

  List<Entry> entries() {
    return entries(bytes(), LayerLimits.DEFAULT);
  }

  static List<Entry> entries(byte[] archive, LayerLimits limits) {
    var reader = LayerReader.ofLayer(new ByteArrayInputStream(archive), limits);
    var entries = new ArrayList<Entry>();
    for (var entry = reader.next(); entry.isPresent(); entry = reader.next()) {
      entries.add(entry.get());
    }
    return entries;
  }

  static byte[] write(List<Entry> entries) {
    var out = new ByteArrayOutputStream();
    try (var writer = new LayerWriter(out)) {
      for (var entry : entries) {
        if (entry instanceof Entry.File file) {
          writer.add(file, new ByteArrayInputStream(new byte[(int) file.dataSize()]));
        } else {
          writer.add(entry);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }
}
