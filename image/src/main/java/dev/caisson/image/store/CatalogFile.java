/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import dev.caisson.image.model.JsonFields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.UnaryOperator;

/**
 * The catalog on disk, shared by processes: read without a lock, changed under one.
 *
 * <p>A reader sees the catalog before or after a change, never half of it, because a change
 * replaces the file by rename.
 */
final class CatalogFile {
  private static final long CHANGE_LOCK = 0;

  private final Path path;
  private final LockFile locks;
  private volatile Optional<Seen> seen = Optional.empty();

  // A replaced file has another inode, so key and time together tell whether it is the one parsed.
  private record Seen(Object fileKey, long modifiedNanos, Catalog catalog) {}

  CatalogFile(Path root) {
    this.path = root.resolve("catalog.json");
    this.locks = LockFile.at(root.resolve("catalog.lock"));
  }

  Catalog read() {
    try {
      var attributes = Files.readAttributes(path, BasicFileAttributes.class);
      var key = String.valueOf(attributes.fileKey());
      long modified = attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS);
      var last = seen;
      if (last.isPresent()
          && last.get().fileKey().equals(key)
          && last.get().modifiedNanos() == modified) {
        return last.get().catalog();
      }
      var catalog = Catalog.parse(Files.readAllBytes(path));
      seen = Optional.of(new Seen(key, modified, catalog));
      return catalog;
    } catch (NoSuchFileException _) {
      return Catalog.EMPTY;
    } catch (IOException e) {
      throw ImageException.io(path.toString(), e);
    }
  }

  /** The lock under which the catalog changes and garbage is told from content. */
  LockFile.Held lock() {
    return locks.lock(CHANGE_LOCK);
  }

  /** Changes the catalog durably. The caller holds {@link #lock}. */
  Catalog changeLocked(UnaryOperator<Catalog> change) {
    var before = read();
    var after = change.apply(before);
    if (after.equals(before)) {
      return before;
    }
    var json = after.toJson();
    if (json.length > JsonFields.MAX_DOCUMENT) {
      throw new ImageException(
          Kind.TOO_LARGE, "the image store has too many names; run `caisson image prune --all`");
    }
    DurableFile.replace(path, json);
    return after;
  }
}
