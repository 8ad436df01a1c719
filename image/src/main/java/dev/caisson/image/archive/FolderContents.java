/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.archive;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import dev.caisson.image.store.ImageStore;
import dev.caisson.image.store.LayerReceiver;
import dev.caisson.image.store.Lease;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/** An archive that lies unpacked in a folder, which its owner, the user, is trusted with. */
final class FolderContents implements Contents {
  private static final int MAX_DOCUMENT = 4 << 20;

  private final ImageStore store;
  private final Lease lease;
  private final Path folder;
  private final LayerReceiver layers;

  FolderContents(ImageStore store, Lease lease, Path folder, LayerReceiver layers) {
    this.store = store;
    this.lease = lease;
    this.folder = folder;
    this.layers = layers;
  }

  @Override
  public Optional<byte[]> document(String path) {
    try (var in = Files.newInputStream(inside(path))) {
      var bytes = in.readNBytes(MAX_DOCUMENT + 1);
      if (bytes.length > MAX_DOCUMENT) {
        throw new ImageException(Kind.TOO_LARGE, path + " is longer than " + MAX_DOCUMENT);
      }
      return Optional.of(bytes);
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (IOException e) {
      throw ImageException.io(path, e);
    }
  }

  @Override
  public Descriptor blob(String path, Optional<Digest> diffId) {
    try (var in = Files.newInputStream(inside(path));
        var writer = store.blobs().writeUnnamed()) {
      writer.writeAll(in);
      var stored = TarContents.committed(writer, lease);
      diffId.ifPresent(id -> layers.offer(id, () -> store.blobs().open(stored.digest())));
      return stored;
    } catch (NoSuchFileException e) {
      throw new ImageException(
          Kind.INVALID, "the layout names " + path + " but has no such file", e);
    } catch (IOException e) {
      throw ImageException.io(path, e);
    }
  }

  private Path inside(String path) {
    var file = folder.resolve(path).normalize();
    if (!file.startsWith(folder.normalize())) {
      throw new ImageException(Kind.INVALID, "the layout names a file outside itself: " + path);
    }
    return file;
  }
}
