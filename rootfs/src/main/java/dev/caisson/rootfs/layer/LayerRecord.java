/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import dev.caisson.image.ImageException;
import dev.caisson.image.model.Digest;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.rootfs.RootfsException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What is known of an unpacked layer, one value a line in the file {@code record} beside it.
 *
 * @param entries in its archive
 * @param bytes of all its files, holes included
 * @param boot the boot id under which it was unpacked; "durable" once it is known to be on disk
 */
record LayerRecord(Digest diffId, long entries, long bytes, String boot) {
  private static final String FILE = "record";
  private static final String DURABLE = "durable";

  static String thisBoot() {
    try {
      return Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).strip();
    } catch (IOException e) {
      throw new RootfsException(RootfsException.Kind.IO, "cannot read the boot id: " + e, e);
    }
  }

  /** Whether the folder holds {@code wanted} completely, also after a power cut. */
  boolean usableFor(Digest wanted) {
    return diffId.equals(wanted) && (boot.equals(DURABLE) || boot.equals(thisBoot()));
  }

  void write(Directory folder) {
    var text = String.join("\n", diffId.toString(), "" + entries, "" + bytes, boot, "");
    try {
      Files.writeString(folder.fd().path().resolve(FILE), text);
    } catch (IOException e) {
      throw new RootfsException(RootfsException.Kind.IO, "cannot write a layer's record: " + e, e);
    }
  }

  /** The record in {@code layers/name}, if there is a whole one. */
  static Optional<LayerRecord> read(Directory layers, String name) {
    try (var folder = layers.resolve(name)) {
      return read(folder);
    } catch (LinuxException e) {
      return Optional.empty();
    }
  }

  private static Optional<LayerRecord> read(Directory folder) {
    try {
      var files = folder.fd().path();
      List<String> lines = Files.readAllLines(files.resolve(FILE));
      if (lines.size() != 4) {
        return Optional.empty();
      }
      boolean durable = Files.exists(files.resolve(DURABLE));
      return Optional.of(
          new LayerRecord(
              Digest.parse(lines.get(0)),
              Long.parseLong(lines.get(1)),
              Long.parseLong(lines.get(2)),
              durable ? DURABLE : lines.get(3)));
    } catch (IOException | IllegalArgumentException | ImageException e) {
      return Optional.empty(); // torn by a power cut
    }
  }

  /** To be called after everything of the layer was synced. */
  static void markDurable(Directory folder) {
    try {
      Files.createFile(folder.fd().path().resolve(DURABLE));
    } catch (IOException e) {
      throw new RootfsException(RootfsException.Kind.IO, "cannot mark a layer durable: " + e, e);
    }
  }
}
