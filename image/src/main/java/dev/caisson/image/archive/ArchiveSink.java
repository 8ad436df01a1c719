/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.archive;

import java.io.IOException;
import java.io.InputStream;

/** Where an image archive is written to. */
interface ArchiveSink extends AutoCloseable {
  void file(String path, long size, InputStream data) throws IOException;

  @Override
  void close() throws IOException;
}
