/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.check.Repair;
import dev.caisson.disk.qcow2.format.Features;
import dev.caisson.disk.qcow2.format.FirstCluster;
import dev.caisson.disk.qcow2.format.Header;
import dev.caisson.disk.qcow2.image.BitmapDirectory;
import dev.caisson.disk.qcow2.image.Image;
import dev.caisson.disk.storage.Storage;

/** Decides whether an image may be opened, and does what must be done before anybody uses it. */
final class ImageOpener {
  private ImageOpener() {}

  static Image open(Storage file, Qcow2Access access) {
    var first = FirstCluster.read(file);
    var header = first.header();
    if (file.writable() && header.has(Features.CORRUPT) && !access.repairing()) {
      throw DiskException.corrupt(
          file.name(), "is marked corrupt; repair it with: caisson disk check --repair all");
    }
    Storage guestData = file;
    if (header.has(Features.EXTERNAL_DATA)) {
      String name =
          first
              .dataFile()
              .orElseThrow(() -> DiskException.corrupt(file.name(), "names no data file"));
      guestData = access.dataFile().apply(name);
    }
    var image = new Image(file, guestData, first, access.syncing());
    if (header.cryptMethod() == Header.CRYPT_AES) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          file.name() + ": legacy AES encryption is unsafe; convert it with an old qemu-img");
    }
    image
        .encryptionHeader()
        .flatMap(place -> access.unlock().cipher(file, place.offset(), place.length()))
        .ifPresent(image::unlock);
    if (!access.repairing()) {
      var _ = BitmapDirectory.read(image); // QEMU opens no image whose bitmaps are junk
    }
    if (file.writable() && header.has(Features.DIRTY) && !access.repairing()) {
      new Repair(image).rebuildRefcounts();
      image.writeFeatures(header.incompatible() & ~Features.DIRTY, header.autoclear());
    }
    return image;
  }
}
