/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.archive;

import dev.caisson.image.layer.Attributes;
import dev.caisson.image.layer.Entry;
import dev.caisson.image.layer.LayerWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.HashSet;
import java.util.Set;

/** An image archive as a tar stream. */
final class TarArchive implements ArchiveSink {
  private final LayerWriter writer;
  private final Set<String> folders = new HashSet<>();

  TarArchive(OutputStream out) {
    this.writer = new LayerWriter(out);
  }

  @Override
  public void file(String path, long size, InputStream data) throws IOException {
    for (int slash = path.indexOf('/'); slash > 0; slash = path.indexOf('/', slash + 1)) {
      if (folders.add(path.substring(0, slash))) {
        writer.add(new Entry.Directory(path.substring(0, slash), Attributes.of(0755)));
      }
    }
    writer.add(new Entry.File(path, Attributes.of(0644), size), data);
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
