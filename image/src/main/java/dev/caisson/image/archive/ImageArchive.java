/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.archive;

import dev.caisson.image.store.Image;
import dev.caisson.image.store.ImageStore;
import dev.caisson.image.store.LayerReceiver;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.List;

/**
 * Images in files: what {@code docker save} writes (old and new form) and OCI image layouts, as tar
 * streams or as folders.
 */
public final class ImageArchive {
  private ImageArchive() {}

  /**
   * Loads every image of a tar stream, in any compression.
   *
   * @param layers is offered layers while they are read
   * @return the images, with the names the archive gives them
   * @throws dev.caisson.image.ImageException INVALID, DIGEST_MISMATCH, UNSUPPORTED, TOO_LARGE,
   *     NO_SPACE; then nothing was added
   */
  public static List<Image> load(ImageStore store, InputStream tar, LayerReceiver layers) {
    try (var lease = store.lease()) {
      return new ArchiveLoader(store, lease, TarContents.read(store, lease, tar, layers), layers)
          .load();
    }
  }

  /** As {@link #load}, of an OCI layout in a folder. */
  public static List<Image> loadLayout(ImageStore store, Path folder, LayerReceiver layers) {
    try (var lease = store.lease()) {
      return new ArchiveLoader(
              store, lease, new FolderContents(store, lease, folder, layers), layers)
          .load();
    }
  }

  /**
   * Writes images as one tar that Docker and OCI tools read; equal images give equal bytes.
   *
   * @param tar is closed
   */
  public static void save(ImageStore store, List<SavedImage> images, OutputStream tar)
      throws IOException {
    try (var writer = new TarArchive(tar)) {
      new ArchiveWriter(store, writer).write(images);
    }
  }

  /** Writes images as an OCI layout into {@code folder}, which is made. */
  public static void saveLayout(ImageStore store, List<SavedImage> images, Path folder)
      throws IOException {
    new ArchiveWriter(store, new FolderArchive(folder)).write(images);
  }
}
