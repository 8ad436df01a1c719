/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import dev.caisson.engine.EngineException;
import dev.caisson.image.model.Platform;
import dev.caisson.image.store.Image;
import dev.caisson.sandbox.workload.RootFilesystem;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** What containers are made of: an image's unpacked layers and its defaults, found once. */
final class Templates {
  /** Digest of an archive without entries: 1024 zeros. No image has what stands for it here. */
  private static final String EMPTY_LAYER =
      "sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef";

  private final ImageShelf shelf;
  private final TemplateCache known;

  Templates(ImageShelf shelf) {
    this.shelf = shelf;
    this.known = new TemplateCache(shelf.root().resolve("catalog.json"));
  }

  /** As {@link ImageLibrary#template}. */
  Template get(String reference, Optional<String> platform) {
    return known.get(
        reference,
        platform,
        () -> ImageFailures.translated(() -> make(shelf.resolve(reference), reference, platform)));
  }

  private Template make(Image image, String reference, Optional<String> platform) {
    requirePlatform(image.config().platform(), reference, platform);
    var name = image.tags().isEmpty() ? ImageShelf.id(image) : image.tags().getFirst().familiar();
    return new Template(
        ImageShelf.id(image),
        name,
        image.config().platform().toString(),
        ConfigConversion.toEngine(image.config().defaults()),
        layers(image));
  }

  private static void requirePlatform(Platform own, String reference, Optional<String> platform) {
    if (platform.isPresent() && !Platform.parse(platform.get()).accepts(own)) {
      throw EngineException.notFound(
          "No such image: %s for %s; the one here is for %s"
              .formatted(reference, platform.get(), own));
    }
    if (!Platform.host().accepts(own)) {
      throw EngineException.invalid(
          "image " + reference + " is for " + own + ", this host is " + Platform.host(),
          "pull it with --platform " + Platform.host());
    }
  }

  /** Topmost first. */
  private List<RootFilesystem.Layer> layers(Image image) {
    var directories = shelf.layers().directories(shelf.store(), image);
    var found = new ArrayList<RootFilesystem.Layer>();
    for (int i = directories.size() - 1; i >= 0; i--) {
      var diffId = image.config().diffIds().get(i).toString();
      found.add(new RootFilesystem.Layer(diffId, directories.get(i)));
    }
    found.add(new RootFilesystem.Layer(EMPTY_LAYER, mountPoints()));
    return found;
  }

  /**
   * The places something is mounted on in every container, below all that an image has: where an
   * image lacks them, they need not be made, and removed again, for each container. Overlayfs wants
   * something below anyway, even for an image that has nothing.
   */
  private Path mountPoints() {
    var layer = shelf.root().resolve("mount-points");
    try {
      for (var directory : List.of("dev", "proc", "sys", "etc")) {
        Files.createDirectories(layer.resolve(directory));
      }
      for (var file : List.of("hostname", "hosts", "resolv.conf")) {
        var path = layer.resolve("etc").resolve(file);
        if (!Files.exists(path)) {
          Files.createFile(path);
        }
      }
      unmarked(layer).forEach(Templates::mark);
      return layer;
    } catch (FileAlreadyExistsException madeMeanwhile) {
      return mountPoints();
    } catch (IOException e) {
      throw EngineException.io("cannot make " + layer + ": " + e.getMessage(), e);
    }
  }

  /**
   * Who wants an image's own files knows these by their time: what an image has is shown with its
   * own. The deepest first, as they are changed in this order.
   */
  private static List<Path> unmarked(Path layer) throws IOException {
    try (var all = Files.walk(layer)) {
      return all.filter(path -> !path.equals(layer) && modified(path) != 0)
          .sorted(Comparator.reverseOrder())
          .toList();
    }
  }

  private static long modified(Path path) {
    try {
      return Files.getLastModifiedTime(path).toMillis();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void mark(Path path) {
    try {
      Files.setLastModifiedTime(path, FileTime.fromMillis(0));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
