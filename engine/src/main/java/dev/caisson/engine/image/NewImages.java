/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import dev.caisson.engine.ProgressListener;
import dev.caisson.engine.spec.CommitSpec;
import dev.caisson.engine.spec.ImageConfig;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import dev.caisson.image.model.History;
import dev.caisson.image.model.Platform;
import dev.caisson.image.model.Reference;
import dev.caisson.image.store.Image;
import dev.caisson.image.store.Lease;
import dev.caisson.image.store.StoredLayer;
import dev.caisson.rootfs.base.BaseImages;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Images made here: from a container, from a configuration, from an archive, from packages. */
final class NewImages {
  private final ImageShelf shelf;

  NewImages(ImageShelf shelf) {
    this.shelf = shelf;
  }

  /** What history tells of a step. */
  private record Story(String createdBy, String author, String message) {}

  /** What names the new image, and what it is for; empty: as its base. */
  private record Label(Optional<String> reference, Optional<String> platform) {
    static final Label NONE = new Label(Optional.empty(), Optional.empty());

    List<Reference> names() {
      return reference.filter(name -> !name.isEmpty()).map(Reference::parse).stream().toList();
    }
  }

  /** As {@link ImageLibrary#commit}. */
  String commit(
      String base, ImageConfig config, CommitSpec commit, ImageLibrary.LayerWriter layer) {
    var changed = ChangeInstructions.apply(commit.config().orElse(config), commit.changes());
    var tar = new LayerPipe(layer);
    var createdBy = commit.createdBy().orElse(String.join(" ", config.command()));
    try (var lease = shelf.store().lease()) {
      var top = tar.read(in -> StoredLayer.copy(shelf.store(), lease, in));
      return ImageShelf.id(
          added(
              lease,
              shelf.find(base),
              changed,
              Optional.of(top),
              new Story(createdBy, commit.author(), commit.message()),
              new Label(commit.reference(), Optional.empty())));
    }
  }

  /** As {@link ImageLibrary#derive}. */
  String derive(Optional<String> base, ImageConfig config, String createdBy) {
    try (var lease = shelf.store().lease()) {
      return ImageShelf.id(
          added(
              lease,
              base.map(shelf::resolve),
              config,
              Optional.empty(),
              new Story(createdBy, "", ""),
              Label.NONE));
    }
  }

  /** As {@link ImageLibrary#importRoot}. */
  String importRoot(
      InputStream tar,
      Optional<String> reference,
      String message,
      List<String> changes,
      Optional<String> platform) {
    var config = ChangeInstructions.apply(ImageConfig.empty(), changes);
    try (var lease = shelf.store().lease()) {
      var layer = StoredLayer.copy(shelf.store(), lease, tar);
      var image =
          added(
              lease,
              Optional.empty(),
              config,
              Optional.of(layer),
              new Story("", "", message.isEmpty() ? "Imported from -" : message),
              new Label(reference, platform));
      shelf.event("import", image);
      return ImageShelf.id(image);
    }
  }

  /** As {@link ImageLibrary#buildBase}. */
  String buildBase(String distribution, Optional<String> reference, ProgressListener progress) {
    // A package's name may have a plus sign itself, as libstdc++6 has.
    var words = List.of(distribution.split("\\+", 2));
    var packages = words.size() < 2 ? List.<String>of() : List.of(words.get(1).split(","));
    var recipe = BaseImages.named(words.getFirst(), packages);
    var name = Reference.parse(reference.orElse(words.getFirst()));
    var image =
        recipe.build(
            shelf.store(), name, line -> progress.onProgress(ProgressListener.Step.of("", line)));
    shelf.layers().directories(shelf.store(), image);
    return ImageShelf.id(image);
  }

  private Image added(
      Lease lease,
      Optional<Image> base,
      ImageConfig config,
      Optional<StoredLayer> layer,
      Story story,
      Label label) {
    var blobs = new ArrayList<Descriptor>();
    var diffIds = new ArrayList<Digest>();
    var history = new ArrayList<History>();
    base.ifPresent(image -> {
      blobs.addAll(image.layers());
      diffIds.addAll(image.config().diffIds());
      history.addAll(image.config().history());
    });
    lease.keep(blobs.stream().map(Descriptor::digest).toList());
    layer.ifPresent(top -> {
      blobs.add(top.blob());
      diffIds.add(top.diffId());
    });
    var now = shelf.clock().instant();
    step(now, story, layer.isPresent()).ifPresent(history::add);
    var described =
        new dev.caisson.image.model.ImageConfig(
            label
                .platform()
                .map(Platform::parse)
                .or(() -> base.map(image -> image.config().platform()))
                .orElseGet(Platform::host),
            Optional.of(now),
            Optional.of(story.author()).filter(text -> !text.isEmpty()),
            ConfigConversion.toImage(config),
            diffIds,
            history);
    return shelf.store().assemble(lease, described, blobs, label.names(), base.map(Image::id));
  }

  private static Optional<History> step(Instant now, Story story, boolean hasLayer) {
    if (hasLayer) {
      return Optional.of(History.layer(now, story.createdBy(), story.message()));
    }
    return story.createdBy().isEmpty()
        ? Optional.empty()
        : Optional.of(History.configuration(now, story.createdBy(), story.message()));
  }
}
