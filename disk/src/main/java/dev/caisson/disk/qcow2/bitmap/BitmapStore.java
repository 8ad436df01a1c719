/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.bitmap;

import dev.caisson.disk.DirtyBitmap;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.format.Features;
import dev.caisson.disk.qcow2.format.L2Entry;
import dev.caisson.disk.qcow2.image.BitmapDirectory;
import dev.caisson.disk.qcow2.image.Image;
import dev.caisson.disk.qcow2.image.Tables;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Keeps persistent dirty bitmaps true while this library writes: before the first change every
 * recording bitmap is loaded and marked as in use; closing stores it and takes the mark away. After
 * a kill the mark stays, and everybody knows not to trust the bitmap. A resize loads all of them.
 */
public final class BitmapStore {
  /** Larger ones are not loaded, only marked as not to be trusted. */
  static final long LARGEST = 16 << 20;

  private final Image image;
  private volatile Optional<List<StoredBitmap>> loaded = Optional.empty();

  public BitmapStore(Image image) {
    this.image = image;
  }

  /** Bitmaps that can be read; those in memory are up to date. */
  public List<DirtyBitmap> list(long size) {
    List<DirtyBitmap> all = new ArrayList<>();
    var live = loaded.orElse(List.of());
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
  public void recordChange(long offset, long length, long size) {
    if (loaded.isEmpty()) {
      start(size);
    }
    if (length > 0) {
      for (var bitmap : loaded.orElseThrow()) {
        if (bitmap.recording()) {
          bitmap.set(offset, length);
        }
      }
    }
  }

  private void start(long size) {
    image.gate.writeLock().lock();
    try {
      if (loaded.isPresent()) {
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
      loaded = Optional.of(List.copyOf(live));
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
    return StoredBitmap.bytesFor(size, entry.granularityBits());
  }

  StoredBitmap load(BitmapDirectory.Entry entry, long size) {
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

  void writeFlags(BitmapDirectory.Entry entry, int flags) {
    image.file().write(entry.flagsAt(), ByteBuffer.allocate(4).putInt(0, flags));
  }

  /**
   * Loads all bitmaps, also those that record nothing, before the disk changes its size.
   *
   * @throws DiskException UNSUPPORTED for one that cannot follow: it is inconsistent, as QEMU
   *     decides, or too large
   */
  public void prepareResize(long oldSize, long newSize) {
    var live = loaded.orElse(List.of());
    var entries = BitmapDirectory.read(image).entries();
    for (var entry : entries) {
      boolean ours = live.stream().anyMatch(bitmap -> bitmap.name().equals(entry.name()));
      if (!ours && entry.is(BitmapDirectory.IN_USE)) {
        throw cannotFollow(entry, "is inconsistent");
      }
      if (Math.max(bytesOf(entry, oldSize), bytesOf(entry, newSize)) > LARGEST) {
        throw cannotFollow(entry, "is too large");
      }
    }
    if (entries.isEmpty()) {
      return;
    }
    recordChange(0, 0, oldSize);
    image.gate.writeLock().lock();
    try {
      List<StoredBitmap> all = new ArrayList<>(loaded.orElseThrow());
      for (var entry : entries) {
        if (all.stream().noneMatch(bitmap -> bitmap.name().equals(entry.name()))) {
          all.add(load(entry, oldSize));
          writeFlags(entry, entry.flags() | BitmapDirectory.IN_USE);
        }
      }
      image.barrier();
      loaded = Optional.of(List.copyOf(all));
    } finally {
      image.gate.writeLock().unlock();
    }
  }

  private DiskException cannotFollow(BitmapDirectory.Entry entry, String why) {
    return new DiskException(
        DiskException.Kind.UNSUPPORTED,
        "%s: its dirty bitmap '%s' %s and cannot follow a resize; remove it first: caisson disk bitmap --remove %s %s"
            .formatted(image.name(), entry.name(), why, image.name(), entry.name()));
  }

  /** Says that the disk has another size now. */
  public void resized(long newSize) {
    loaded.orElse(List.of()).forEach(bitmap -> bitmap.resize(newSize));
  }

  /** Writes what changed and takes the marks away; the gate is held exclusively. */
  public void store() {
    for (var bitmap : loaded.orElse(List.of())) {
      if (bitmap.changed()) {
        storeBits(bitmap);
      }
    }
    if (loaded.orElse(List.of()).isEmpty()) {
      loaded = Optional.empty(); // one may be added before the next change
      return;
    }
    image.writeBack();
    image.barrier();
    for (var bitmap : loaded.orElseThrow()) {
      writeFlags(bitmap.entry(), bitmap.entry().flags());
    }
    loaded = Optional.empty();
  }

  void storeBits(StoredBitmap bitmap) {
    int piece = image.geometry().clusterSize();
    long[] old = table(bitmap.entry());
    byte[] bits = bitmap.bits();
    long[] table = Arrays.copyOf(old, Math.max(1, Math.ceilDiv(bits.length, piece)));
    for (int i = 0; i < table.length; i++) {
      int from = i * piece;
      int count = Math.clamp(bits.length - from, 0, piece);
      long offset = table[i] & L2Entry.OFFSET;
      if (offset == 0) {
        if (allZero(bits, from, count) && table[i] == 0) {
          continue;
        }
        offset = image.allocator().allocate(1);
        table[i] = offset;
      } else if (image.metadata().contains(offset >>> image.geometry().clusterBits())) {
        throw image.markCorrupt(
            "bits of bitmap %s lie in metadata at 0x%x".formatted(bitmap.name(), offset));
      }
      var cluster = ByteBuffer.allocate(piece).put(bits, from, count).clear();
      image.file().write(offset, cluster);
    }
    if (table.length == old.length) {
      image.writeBack();
      image.barrier();
      Tables.write(image.file(), bitmap.entry().tableOffset(), table);
    } else {
      moveTable(bitmap, old, table);
    }
  }

  /** Puts a table of another length in the old one's stead, and frees what only that one named. */
  private void moveTable(StoredBitmap bitmap, long[] old, long[] table) {
    var geometry = image.geometry();
    var entry = bitmap.entry();
    long clusters = geometry.clusters(table.length * 8L);
    long place = image.allocator().allocate(clusters);
    Tables.write(image.file(), place, table);
    image.writeBack();
    image.barrier();
    image
        .file()
        .write(entry.at(), ByteBuffer.allocate(12).putLong(place).putInt(table.length).flip());
    image.barrier();
    image.metadata().addAll(place >>> geometry.clusterBits(), clusters);
    bitmap.moved(entry.withTable(place, table.length));
    for (int i = table.length; i < old.length; i++) {
      if ((old[i] & L2Entry.OFFSET) != 0) {
        image.allocator().free(old[i] & L2Entry.OFFSET, geometry.clusterSize());
      }
    }
    long oldClusters = geometry.clusters(old.length * 8L);
    for (long i = 0; i < oldClusters; i++) {
      image.metadata().remove((entry.tableOffset() >>> geometry.clusterBits()) + i);
    }
    image.allocator().free(entry.tableOffset(), geometry.alignUp(old.length * 8L));
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
