/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import dev.caisson.disk.DirtyBitmap;
import dev.caisson.disk.DiskException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Keeps persistent dirty bitmaps true while this library writes: before the first change every
 * recording bitmap is loaded and marked as in use; closing stores it and takes the mark away. After
 * a kill the mark stays, and everybody knows not to trust the bitmap.
 */
final class BitmapStore {
  /** Larger ones are not loaded, only marked as not to be trusted. */
  private static final long LARGEST = 16 << 20;

  private final Image image;
  private volatile Optional<List<StoredBitmap>> recording = Optional.empty();

  BitmapStore(Image image) {
    this.image = image;
  }

  /** Bitmaps that can be read; those in memory are up to date. */
  List<DirtyBitmap> list(long size) {
    List<DirtyBitmap> all = new ArrayList<>();
    var live = recording.orElse(List.of());
    for (var entry : BitmapDirectory.read(image).entries()) {
      if (bytesOf(entry, size) > LARGEST) {
        continue;
      }
      var found = live.stream().filter(bitmap -> bitmap.name().equals(entry.name())).findFirst();
      all.add(found.isPresent() ? found.get() : load(entry, size));
    }
    return List.copyOf(all);
  }

  /** Called before each change of guest bytes. */
  void recordChange(long offset, long length, long size) {
    if (recording.isEmpty()) {
      start(size);
    }
    if (length > 0) {
      for (var bitmap : recording.orElseThrow()) {
        bitmap.set(offset, length);
      }
    }
  }

  private void start(long size) {
    image.gate.writeLock().lock();
    try {
      if (recording.isPresent()) {
        return;
      }
      List<StoredBitmap> live = new ArrayList<>();
      dropUnknownAutoclear();
      for (var entry : directory().entries()) {
        if (!entry.is(BitmapDirectory.AUTO) || entry.is(BitmapDirectory.IN_USE)) {
          continue;
        }
        if (bytesOf(entry, size) <= LARGEST) {
          live.add(load(entry, size));
        }
        writeFlags(entry, entry.flags() | BitmapDirectory.IN_USE);
      }
      image.barrier();
      recording = Optional.of(List.copyOf(live));
    } finally {
      image.gate.writeLock().unlock();
    }
  }

  /** Whoever set a bit we do not know must learn that the image changed behind its back. */
  private void dropUnknownAutoclear() {
    var header = image.header();
    if ((header.autoclear() & ~Features.KNOWN_AUTOCLEAR) != 0) {
      image.writeFeatures(header.incompatible(), header.autoclear() & Features.KNOWN_AUTOCLEAR);
    }
  }

  private BitmapDirectory directory() {
    try {
      return BitmapDirectory.read(image);
    } catch (DiskException unreadable) {
      // Nobody can use such bitmaps; saying so in the header keeps the disk itself usable.
      image.writeFeatures(
          image.header().incompatible(), image.header().autoclear() & ~Features.BITMAPS);
      return new BitmapDirectory(List.of(), 0, 0);
    }
  }

  private static long bytesOf(BitmapDirectory.Entry entry, long size) {
    return (((size - 1) >>> entry.granularityBits()) + 8) >>> 3;
  }

  private StoredBitmap load(BitmapDirectory.Entry entry, long size) {
    var bits = new byte[(int) bytesOf(entry, size)];
    int piece = image.geometry().clusterSize();
    long[] table = table(entry);
    for (int i = 0; i < table.length && (long) i * piece < bits.length; i++) {
      int from = i * piece;
      int count = Math.min(piece, bits.length - from);
      long offset = table[i] & L2Entry.OFFSET;
      if (offset != 0) {
        image.file().read(offset, ByteBuffer.wrap(bits, from, count));
      } else if ((table[i] & 1) != 0) {
        Arrays.fill(bits, from, from + count, (byte) 0xff);
      }
    }
    return new StoredBitmap(entry, bits, size);
  }

  private long[] table(BitmapDirectory.Entry entry) {
    return Tables.read(image.file(), entry.tableOffset(), entry.tableSize());
  }

  private void writeFlags(BitmapDirectory.Entry entry, int flags) {
    image.file().write(entry.flagsAt(), ByteBuffer.allocate(4).putInt(0, flags));
  }

  /** A bitmap speaks of one size. */
  void resize(long oldSize, long newSize) {
    if (oldSize != newSize && !BitmapDirectory.read(image).entries().isEmpty()) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          image.name() + ": has dirty bitmaps, which do not follow a resize; remove them first");
    }
  }

  /** Writes what changed and takes the marks away; the gate is held exclusively. */
  void store(long size) {
    for (var bitmap : recording.orElse(List.of())) {
      if (bitmap.changed()) {
        storeBits(bitmap);
      }
    }
    if (recording.orElse(List.of()).isEmpty()) {
      return;
    }
    image.writeBack();
    image.barrier();
    for (var bitmap : recording.orElseThrow()) {
      writeFlags(bitmap.entry(), bitmap.entry().flags());
    }
    recording = Optional.empty();
  }

  private void storeBits(StoredBitmap bitmap) {
    int piece = image.geometry().clusterSize();
    long[] table = table(bitmap.entry());
    for (int i = 0; i < table.length && (long) i * piece < bitmap.bits().length; i++) {
      int from = i * piece;
      int count = Math.min(piece, bitmap.bits().length - from);
      long offset = table[i] & L2Entry.OFFSET;
      if (offset == 0) {
        if (allZero(bitmap.bits(), from, count) && table[i] == 0) {
          continue;
        }
        offset = image.allocator().allocate(1);
        table[i] = offset;
      }
      var cluster = ByteBuffer.allocate(piece).put(bitmap.bits(), from, count).clear();
      image.file().write(offset, cluster);
    }
    image.writeBack();
    image.barrier();
    Tables.write(image.file(), bitmap.entry().tableOffset(), table);
  }

  private static boolean allZero(byte[] bits, int from, int count) {
    for (int i = from; i < from + count; i++) {
      if (bits[i] != 0) {
        return false;
      }
    }
    return true;
  }
}
