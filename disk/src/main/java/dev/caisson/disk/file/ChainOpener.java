/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.chain.BaseLayer;
import dev.caisson.disk.chain.Layer;
import dev.caisson.disk.chain.MergedChain;
import dev.caisson.disk.qcow2.Qcow2Access;
import dev.caisson.disk.qcow2.Qcow2Disk;
import dev.caisson.disk.storage.FileStorage;
import dev.caisson.disk.storage.FileStorage.Sharing;
import dev.caisson.disk.storage.Storage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Opens a qcow2 image and, one after the other, the files it stands on. */
final class ChainOpener {
  private static final long INDEX_BUDGET = 64 << 20;

  private final DiskOptions options;
  private final Set<Object> seen = new HashSet<>();
  private final List<Layer> layers = new ArrayList<>();

  ChainOpener(DiskOptions options) {
    this.options = options;
  }

  Qcow2Disk open(Path path, Storage storage) {
    var top = Qcow2Disk.open(storage, access(path));
    if (top.baseName().isEmpty() || options.alone()) {
      return top;
    }
    try {
      seen.add(identity(path));
      openBases(path, top);
      return top.standOn(new MergedChain(layers, INDEX_BUDGET));
    } catch (DiskException | Error refused) {
      layers.forEach(Layer::close);
      throw refused;
    }
  }

  private void openBases(Path top, Qcow2Disk topDisk) {
    Path above = top;
    Qcow2Disk image = topDisk;
    while (image.baseName().isPresent()) {
      String name = image.baseName().get();
      Path path = options.bases().permit(above, name);
      if (!Files.exists(path)) {
        throw new DiskException(
            DiskException.Kind.MISSING,
            "%s: its base '%s' is not at %s; if it moved: caisson disk rebase -u -b NEW -F FORMAT %s"
                .formatted(above, name, path, above));
      }
      if (!seen.add(identity(path))) {
        throw new DiskException(
            DiskException.Kind.CONFLICT,
            "%s: its base '%s' stands, in the end, on itself".formatted(above, name));
      }
      if (seen.size() > options.deepest()) {
        throw new DiskException(
            DiskException.Kind.REFUSED,
            "%s: the chain is deeper than %d files".formatted(top, options.deepest()));
      }
      DiskFormat format = format(above, image);
      var sharing = options.unlocked() ? Sharing.UNLOCKED : Sharing.LOCKED;
      var file = FileStorage.open(path, false, sharing);
      try {
        if (format != DiskFormat.QCOW2) {
          layers.add(new BaseLayer(DiskFiles.alone(format, file, options.passphrases())));
          return;
        }
        image = Qcow2Disk.open(file, access(path));
        layers.add(image);
        above = path;
      } catch (DiskException | Error refused) {
        file.close();
        throw refused;
      }
    }
  }

  /** A base whose format were guessed could be a guest's raw disk that poses as qcow2. */
  private static DiskFormat format(Path above, Qcow2Disk image) {
    String label =
        image
            .baseFormat()
            .orElseThrow(() ->
                new DiskException(
                    DiskException.Kind.REFUSED,
                    "%s: does not say its base's format, and guessing is unsafe; say it with: caisson disk rebase -u -b %s -F FORMAT %s"
                        .formatted(above, image.baseName().orElse(""), above)));
    return DiskFormat.named(label)
        .orElseThrow(() ->
            new DiskException(
                DiskException.Kind.UNSUPPORTED, "%s: base format '%s'".formatted(above, label)));
  }

  private Qcow2Access access(Path image) {
    var access =
        Qcow2Access.PLAIN
            .withSyncing(options.syncing())
            .withRepairing(options.repairing())
            .withDataFile(name ->
                FileStorage.open(
                    options.bases().permit(image, name),
                    options.writable(),
                    options.unlocked() ? Sharing.UNLOCKED : Sharing.LOCKED));
    return access.withUnlock(LuksKeys.with(options.passphrases()));
  }

  private static Object identity(Path path) {
    try {
      Object key = Files.readAttributes(path, BasicFileAttributes.class).fileKey();
      return key == null ? path.toRealPath() : key;
    } catch (IOException failure) {
      throw DiskException.io(path.toString(), failure);
    }
  }
}
