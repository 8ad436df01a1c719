/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import dev.caisson.image.layer.Attributes;
import dev.caisson.image.layer.Entry;
import dev.caisson.image.layer.LayerWriter;
import dev.caisson.image.model.Digest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** A layer made for a test, entry by entry. */
public final class TestLayer {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final LayerWriter writer = new LayerWriter(out);

  private TestLayer() {}

  public static TestLayer empty() {
    return new TestLayer();
  }

  public TestLayer file(String path, String content) {
    return file(path, content, Attributes.of(0644));
  }

  public TestLayer file(String path, String content, Attributes attributes) {
    var bytes = content.getBytes(StandardCharsets.UTF_8);
    try {
      writer.add(new Entry.File(path, attributes, bytes.length), new ByteArrayInputStream(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  public TestLayer with(Entry entry) {
    try {
      if (entry instanceof Entry.File file) {
        writer.add(file, new ByteArrayInputStream(new byte[(int) file.dataSize()]));
      } else {
        writer.add(entry);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return this;
  }

  public TestLayer directory(String path, int permissions) {
    return with(new Entry.Directory(path, Attributes.of(permissions)));
  }

  public TestLayer link(String path, String target) {
    return with(new Entry.SymbolicLink(path, Attributes.of(0777), target));
  }

  static Attributes extended(String name, byte[] value) {
    return new Attributes(0644, 0, 0, 0, 0, Map.of(name, value));
  }

  public byte[] archive() {
    try {
      writer.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  public static Digest diffId(byte[] archive) {
    return Digest.of(archive);
  }
}
