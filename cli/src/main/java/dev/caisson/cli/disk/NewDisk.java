/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.file.BasePolicy;
import dev.caisson.disk.file.DiskFiles;
import dev.caisson.disk.luks.LuksOptions;
import dev.caisson.disk.qcow2.Qcow2Format;
import java.nio.file.Path;
import java.util.Optional;

/** The file that create and convert make, before anything is written to its disk. */
final class NewDisk {
  private final DiskFormat format;
  private final FormatOptions asked;
  private final Optional<LuksOptions> encryption;

  /**
   * @param encrypt whether {@code --encrypt} was said
   */
  NewDisk(DiskFormat format, FormatOptions asked, boolean encrypt) {
    this.format = format;
    this.asked = asked;
    this.encryption = asked.encryption(format, encrypt);
    if (format != DiskFormat.RAW && format != DiskFormat.QCOW2 && format != DiskFormat.LUKS) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          "only raw, qcow2 and luks can be written, not %s; use qemu-img for that"
              .formatted(format.label()));
    }
  }

  boolean encrypted() {
    return encryption.isPresent();
  }

  /** The passphrase it is made with, if it needs one. */
  Optional<byte[]> passphrase(Secrets secrets, KeyOptions fresh, String name) {
    return encryption.map(any ->
        asked.keySecret(format).map(secrets::named).orElseGet(() -> secrets.fresh(fresh, name)));
  }

  /** What is laid out ahead. */
  Preallocation preallocation() {
    var ahead = Preallocation.named(asked.get("preallocation", "off"));
    ahead.requireFor(format.label());
    if (encrypted() && format == DiskFormat.QCOW2 && ahead != Preallocation.OFF) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          "clusters of an encrypted disk cannot be laid out ahead; leave preallocation out");
    }
    return ahead;
  }

  /**
   * Makes the file; a base, if there is one, stands in {@code shape}.
   *
   * @param size of the disk in bytes
   */
  void make(Path path, Qcow2Format shape, long size, Optional<byte[]> passphrase) {
    if (format == DiskFormat.RAW) {
      asked.requireRaw();
      DiskFiles.createRaw(path, size);
    } else if (format == DiskFormat.LUKS) {
      long whole = Math.ceilDiv(size, 512L) * 512;
      DiskFiles.createLuks(path, whole, encryption.orElseThrow(), passphrase.orElseThrow());
    } else if (encryption.isPresent()) {
      DiskFiles.createEncrypted(path, shape, size, encryption.get(), passphrase.orElseThrow());
    } else {
      if (shape.dataFile().isPresent()) {
        DiskFiles.createRaw(BasePolicy.LOCAL.permit(path, shape.dataFile().get()), size);
      }
      DiskFiles.create(path, shape, size);
    }
  }
}
