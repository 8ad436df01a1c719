/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import dev.caisson.image.ImageException;
import dev.caisson.image.model.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;

/** The leases of all processes: one file each, listing digests, alive while its lock is held. */
final class Leases {
  private final Path folder;
  private final LockFile alive;
  private final CatalogFile catalog;

  Leases(Path root, CatalogFile catalog) {
    this.folder = root.resolve("leases");
    this.catalog = catalog;
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw ImageException.io(folder.toString(), e);
    }
    this.alive = LockFile.at(root.resolve("leases.lock"));
  }

  Lease take() {
    while (true) {
      var name = UUID.randomUUID().toString();
      Optional<LockFile.Held> lock = alive.tryLock(lockNumber(name));
      if (lock.isPresent()) {
        return new Lease(this, name, lock.get());
      }
    }
  }

  // Under the catalog's lock, so that a collection either sees the lease or has already removed
  // the blob when the caller looks for it.
  void keep(String name, Collection<Digest> digests) {
    var lines = digests.stream().map(digest -> digest + "\n").collect(Collectors.joining());
    try (var _ = catalog.lock()) {
      Files.writeString(
          folder.resolve(name), lines, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    } catch (IOException e) {
      throw ImageException.io("lease " + name, e);
    }
  }

  void forget(String name) {
    try {
      Files.deleteIfExists(folder.resolve(name));
    } catch (IOException e) {
      throw ImageException.io("lease " + name, e);
    }
  }

  /** All digests under lease; forgets the leases of dead processes. Under the catalog's lock. */
  Set<Digest> kept() {
    var kept = new HashSet<Digest>();
    try (var files = Files.newDirectoryStream(folder)) {
      for (var file : files) {
        var name = file.getFileName().toString();
        var dead = alive.tryLock(lockNumber(name));
        if (dead.isPresent()) {
          try (var _ = dead.get()) {
            forget(name);
          }
          continue;
        }
        for (var line : Files.readAllLines(file)) {
          Digest.tryParse(line).ifPresent(kept::add);
        }
      }
    } catch (IOException e) {
      throw ImageException.io(folder.toString(), e);
    }
    return kept;
  }

  private static long lockNumber(String name) {
    return Integer.toUnsignedLong(name.hashCode());
  }
}
