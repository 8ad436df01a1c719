/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.archive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** An image archive as a folder. */
final class FolderArchive implements ArchiveSink {
  private final Path folder;

  FolderArchive(Path folder) {
    this.folder = folder;
  }

  @Override
  public void file(String path, long size, InputStream data) throws IOException {
    var target = folder.resolve(path);
    Files.createDirectories(target.getParent());
    Files.copy(data, target, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void close() {}
}
