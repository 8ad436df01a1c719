/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import dev.caisson.image.archive.ImageArchive;
import dev.caisson.image.layer.LayerLimits;
import dev.caisson.image.store.ImageStore;
import dev.caisson.linux.digest.LibraryDigests;
import dev.caisson.linux.file.Directory;
import java.io.BufferedInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;

/**
 * Loads and unpacks a saved image as often as asked, each time into a fresh store. Run by {@code
 * ./dev bench image}.
 */
final class LoadBenchmark {
  private LoadBenchmark() {}

  /** Arguments: archive, folder to work in, rounds. */
  public static void main(String[] arguments) throws Exception {
    LibraryDigests.install(); // as the engine does
    var archive = Path.of(arguments[0]);
    for (int round = 0; round < Integer.parseInt(arguments[2]); round++) {
      var folder = Path.of(arguments[1]).resolve(UUID.randomUUID().toString());
      Files.createDirectories(folder);
      var images = ImageStore.open(Files.createDirectories(folder.resolve("images")));
      long start = System.nanoTime();
      try (var layers =
          LayerStore.open(folder, LayerLimits.DEFAULT, OverlayMarks.TRUSTED, Ownership.EXACT)) {
        try (var in = new BufferedInputStream(Files.newInputStream(archive), 1 << 20)) {
          for (var image : ImageArchive.load(images, in, layers)) {
            layers.directories(images, image);
          }
        }
        System.out.printf("%.2f%n", (System.nanoTime() - start) / 1e9);
      }
      try (var trash = Trash.open(folder.resolveSibling("trash"));
          var parent = Directory.open(folder.getParent())) {
        trash.discard(parent, folder.getFileName().toString());
      }
    }
  }
}
