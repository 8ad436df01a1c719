/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import static dev.caisson.engine.image.ImageFailures.translated;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.Filters;
import dev.caisson.engine.ProgressListener;
import dev.caisson.engine.event.EventLog;
import dev.caisson.engine.spec.CommitSpec;
import dev.caisson.engine.spec.ImageConfig;
import dev.caisson.engine.spec.RegistryAuth;
import dev.caisson.engine.view.ImageDeletion;
import dev.caisson.engine.view.ImageHistory;
import dev.caisson.engine.view.ImageInfo;
import dev.caisson.engine.view.ImageSummary;
import dev.caisson.engine.view.PruneReport;
import dev.caisson.engine.view.RemoteImage;
import dev.caisson.image.archive.ImageArchive;
import dev.caisson.image.archive.SavedImage;
import dev.caisson.image.model.Reference;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The images in this engine's directory, and their layers unpacked for containers. */
public final class StoredImages implements ImageLibrary {
  private final ImageShelf shelf;
  private final Templates templates;
  private final NewImages made;
  private final RegistryExchanges registry;
  private final ImageDescriptions descriptions;
  private final ImageRemovals removals;

  private StoredImages(ImageShelf shelf) {
    this.shelf = shelf;
    this.templates = new Templates(shelf);
    this.made = new NewImages(shelf);
    this.registry = new RegistryExchanges(shelf);
    this.descriptions = new ImageDescriptions(shelf);
    this.removals = new ImageRemovals(shelf);
  }

  /** Opens the images below {@code root}. */
  public static StoredImages open(Path root, EventLog events, Clock clock, ImageUsers users) {
    return new StoredImages(translated(() -> ImageShelf.open(root, events, clock, users)));
  }

  @Override
  public Template template(String reference, Optional<String> platform) {
    return templates.get(reference, platform);
  }

  @Override
  public String commit(String base, ImageConfig config, CommitSpec commit, LayerWriter layer) {
    return translated(() -> made.commit(base, config, commit, layer));
  }

  @Override
  public String derive(Optional<String> base, ImageConfig config, String createdBy) {
    return translated(() -> made.derive(base, config, createdBy));
  }

  @Override
  public String importRoot(
      InputStream tar,
      Optional<String> reference,
      String message,
      List<String> changes,
      Optional<String> platform) {
    return translated(() -> made.importRoot(tar, reference, message, changes, platform));
  }

  @Override
  public String buildBase(
      String distribution, Optional<String> reference, ProgressListener progress) {
    return translated(() -> made.buildBase(distribution, reference, progress));
  }

  @Override
  public long size(String id) {
    return shelf.find(id).map(shelf::size).orElse(0L);
  }

  @Override
  public Map<String, Long> layerSizes(String id) {
    return shelf.find(id).map(shelf::layerSizes).orElse(Map.of());
  }

  @Override
  public List<ImageSummary> list(boolean all, Filters filters) {
    return descriptions.list(all, filters);
  }

  @Override
  public ImageInfo inspect(String reference) {
    return descriptions.inspect(reference);
  }

  @Override
  public List<ImageHistory> history(String reference) {
    return descriptions.history(reference);
  }

  @Override
  public String pull(
      String reference, Optional<String> platform, RegistryAuth auth, ProgressListener progress) {
    return registry.pull(reference, platform, auth, progress);
  }

  @Override
  public void push(String reference, RegistryAuth auth, ProgressListener progress) {
    registry.push(reference, auth, progress);
  }

  @Override
  public RemoteImage remote(String reference, RegistryAuth auth) {
    return registry.remote(reference, auth);
  }

  @Override
  public List<String> search(String term, RegistryAuth auth) {
    return registry.search(term, auth);
  }

  @Override
  public void login(RegistryAuth auth) {
    registry.login(auth);
  }

  @Override
  public void tag(String reference, String newReference) {
    shelf.resolve(reference);
    translated(() -> {
      var name = Reference.parse(newReference);
      var image = shelf.store().tag(reference, name);
      shelf.event("tag", ImageShelf.id(image), name.familiar());
      return image;
    });
  }

  @Override
  public List<ImageDeletion> remove(String reference, boolean force, boolean prune) {
    return removals.remove(reference, force, prune);
  }

  @Override
  public PruneReport prune(Filters filters) {
    return removals.prune(filters);
  }

  @Override
  public List<String> load(InputStream archive, ProgressListener progress) {
    return translated(() -> {
      var names = new ArrayList<String>();
      for (var image : ImageArchive.load(shelf.store(), archive, shelf.layers())) {
        image.tags().forEach(tag -> names.add(tag.familiar()));
        if (image.tags().isEmpty()) {
          names.add(ImageShelf.id(image));
        }
        shelf.event("load", image);
      }
      return names;
    });
  }

  @Override
  public void save(List<String> references, OutputStream archive) {
    var images = new ArrayList<SavedImage>();
    for (var reference : references) {
      var image = shelf.resolve(reference);
      var named =
          image.names().stream()
              .filter(name ->
                  name.familiar().equals(reference)
                      || name.toString().equals(reference)
                      || name.familiar().equals(reference + ":" + Reference.DEFAULT_TAG))
              .toList();
      images.add(new SavedImage(image, named));
      shelf.event("save", image);
    }
    try {
      ImageArchive.save(shelf.store(), images, archive);
    } catch (IOException e) {
      throw EngineException.io("cannot write the archive: " + e.getMessage(), e);
    } catch (RuntimeException e) {
      throw ImageFailures.translate(e);
    }
  }

  @Override
  public void close() {
    shelf.layers().close();
  }
}
