/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.DirtyBitmap;
import dev.caisson.disk.DirtyBitmaps;
import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.Qcow2Disk;
import java.util.function.Consumer;

/** Takes the dirty bitmaps of one disk to another, once its contents are there. */
final class BitmapCopy {
  private BitmapCopy() {}

  /**
   * @param skipBroken whether inconsistent ones are left behind, and told
   */
  static void of(Disk from, Disk into, boolean skipBroken, Consumer<String> told) {
    if (!(from instanceof DirtyBitmaps source)) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          from + ": this format has no bitmaps; leave --bitmaps out");
    }
    if (!(into instanceof Qcow2Disk target)) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED, into + ": only qcow2 keeps bitmaps; say -O qcow2");
    }
    for (DirtyBitmap bitmap : source.dirtyBitmaps()) {
      if (!bitmap.inconsistent()) {
        copy(bitmap, from, target);
      } else if (skipBroken) {
        told.accept("warning: Skipping inconsistent bitmap '%s'".formatted(bitmap.name()));
      } else {
        throw new DiskException(
            DiskException.Kind.CORRUPT,
            "%s: the bitmap '%s' is inconsistent; leave it behind with --skip-broken-bitmaps, or remove it with: caisson disk bitmap --remove"
                .formatted(from, bitmap.name()));
      }
    }
  }

  private static void copy(DirtyBitmap bitmap, Disk from, Qcow2Disk target) {
    var editor = target.bitmapEditor();
    editor.add(bitmap.name(), bitmap.granularity(), bitmap.recording());
    editor.merge(bitmap.name(), bitmap, from.size());
  }
}
