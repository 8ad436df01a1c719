/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.bitmap;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.caisson.disk.DirtyBitmap;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.format.Features;
import dev.caisson.disk.qcow2.format.HeaderExtension;
import dev.caisson.disk.qcow2.format.L2Entry;
import dev.caisson.disk.qcow2.image.BitmapDirectory;
import dev.caisson.disk.qcow2.image.DiskGate;
import dev.caisson.disk.qcow2.image.Image;
import dev.caisson.disk.qcow2.image.Tables;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.IntUnaryOperator;

/**
 * Adds, changes and removes the persistent dirty bitmaps of an image. Each change is on disk when
 * its method returns: a new list of bitmaps is written beside the old one and then named by the
 * header.
 */
public final class BitmapEditor {
  private static final int LONGEST_NAME = 1023;

  private final Image image;
  private final DiskGate gate;
  private final BitmapStore store;

  public BitmapEditor(Image image, DiskGate gate, BitmapStore store) {
    this.image = image;
    this.gate = gate;
    this.store = store;
  }

  /** QEMU's choice: a cluster, within 4 and 64 KiB. */
  public long defaultGranularity() {
    return Math.clamp(image.geometry().clusterSize(), 4 << 10, 64 << 10);
  }

  /**
   * Adds a bitmap in which nothing is dirty.
   *
   * @param granularity bytes a bit stands for; a power of two from 512 to 2 GiB
   * @param recording whether writes set bits from now on
   * @throws DiskException CONFLICT if the name is taken
   */
  public void add(String name, long granularity, boolean recording) {
    int bits = Long.numberOfTrailingZeros(granularity);
    refuse(
        Long.bitCount(granularity) != 1 || bits < 9 || bits > 31,
        "a granularity of %d bytes; have powers of two from 512 to 2G".formatted(granularity));
    int letters = name.getBytes(UTF_8).length;
    refuse(letters == 0 || letters > LONGEST_NAME, "a bitmap's name of " + letters + " bytes");
    refuse(image.header().version() < 3, "dirty bitmaps in version 2; amend it with compat=1.1");
    refuse(
        StoredBitmap.bytesFor(image.header().size(), bits) > BitmapStore.LARGEST,
        "a bitmap of more than 16 MiB; take a larger granularity (-g)");
    change(directory -> {
      if (directory.entries().stream().anyMatch(entry -> entry.name().equals(name))) {
        throw new DiskException(
            DiskException.Kind.CONFLICT,
            "%s: has a bitmap '%s' already".formatted(image.name(), name));
      }
      long bytes = StoredBitmap.bytesFor(image.header().size(), bits);
      int length = Math.max(1, (int) image.geometry().clusters(bytes));
      long room = image.geometry().alignUp(length * 8L);
      long place = image.allocator().allocate(room >>> image.geometry().clusterBits());
      Tables.write(image.file(), place, new long[(int) (room / 8)]);
      int flags = recording ? BitmapDirectory.AUTO : 0;
      var all = new ArrayList<>(directory.entries());
      all.add(new BitmapDirectory.Entry(0, place, length, flags, bits, name));
      replace(directory, all);
    });
  }

  /** Removes a bitmap, also one that is inconsistent. */
  public void remove(String name) {
    change(directory -> remove(directory, List.of(find(directory, name))));
  }

  /** Removes them all. */
  public void removeAll() {
    change(directory -> {
      if (!directory.entries().isEmpty()) {
        remove(directory, directory.entries());
      }
    });
  }

  /** Says that nothing is dirty. */
  public void clear(String name) {
    changeBits(name, (bitmap, size) -> bitmap.clear());
  }

  /** Says whether writes set bits from now on. */
  public void record(String name, boolean on) {
    change(directory ->
        flag(
            usable(directory, name),
            flags -> on ? flags | BitmapDirectory.AUTO : flags & ~BitmapDirectory.AUTO));
  }

  /**
   * Marks as dirty what {@code source} says is.
   *
   * @param sourceSize of the disk that the other bitmap belongs to, in bytes
   */
  public void merge(String name, DirtyBitmap source, long sourceSize) {
    refuse(
        source.inconsistent(),
        "bits of the bitmap '%s', which is inconsistent; remove it".formatted(source.name()));
    refuse(
        sourceSize != image.header().size(),
        "bits of the bitmap '%s' of a disk of %d bytes".formatted(source.name(), sourceSize));
    changeBits(
        name,
        (bitmap, size) -> {
          for (long at = 0; at < size; ) {
            long end = source.runEnd(at, size);
            if (source.dirty(at)) {
              bitmap.set(at, end - at);
            }
            at = end;
          }
        });
  }

  private void changeBits(String name, BiConsumer<StoredBitmap, Long> change) {
    change(directory -> {
      var entry = usable(directory, name);
      long size = image.header().size();
      refuse(
          StoredBitmap.bytesFor(size, entry.granularityBits()) > BitmapStore.LARGEST,
          "a change of the bitmap '%s' of more than 16 MiB".formatted(name));
      var bitmap = store.load(entry, size);
      change.accept(bitmap, size);
      flag(entry, flags -> flags | BitmapDirectory.IN_USE); // until all of it is on disk
      image.barrier();
      store.storeBits(bitmap);
      image.writeBack();
      image.barrier();
      flag(bitmap.entry(), flags -> flags & ~BitmapDirectory.IN_USE);
    });
  }

  private void flag(BitmapDirectory.Entry entry, IntUnaryOperator change) {
    store.writeFlags(entry, change.applyAsInt(entry.flags()));
  }

  private interface Change {
    void of(BitmapDirectory directory);
  }

  private void change(Change change) {
    gate.change(() -> {
      store.store();
      image.writeBack();
      change.of(BitmapDirectory.read(image));
      image.writeBack();
      image.barrier();
    });
  }

  private BitmapDirectory.Entry find(BitmapDirectory directory, String name) {
    return directory.entries().stream()
        .filter(entry -> entry.name().equals(name))
        .findFirst()
        .orElseThrow(() ->
            new DiskException(
                DiskException.Kind.MISSING,
                "%s: has no bitmap '%s'; it has %s"
                    .formatted(
                        image.name(),
                        name,
                        directory.entries().stream().map(BitmapDirectory.Entry::name).toList())));
  }

  private BitmapDirectory.Entry usable(BitmapDirectory directory, String name) {
    var entry = find(directory, name);
    refuse(
        entry.is(BitmapDirectory.IN_USE),
        "a change of the bitmap '%s', which is inconsistent; remove it with --remove"
            .formatted(name));
    return entry;
  }

  private void remove(BitmapDirectory directory, List<BitmapDirectory.Entry> gone) {
    List<long[]> tables = new ArrayList<>();
    for (var entry : gone) {
      tables.add(Tables.read(image.file(), entry.tableOffset(), entry.tableSize()));
    }
    var all = new ArrayList<>(directory.entries());
    all.removeAll(gone);
    replace(directory, all);
    var geometry = image.geometry();
    for (int i = 0; i < gone.size(); i++) {
      for (long entry : tables.get(i)) {
        if ((entry & L2Entry.OFFSET) != 0) {
          image.allocator().free(entry & L2Entry.OFFSET, geometry.clusterSize());
        }
      }
      forget(gone.get(i).tableOffset(), gone.get(i).tableSize() * 8L);
    }
  }

  /** Writes another list, names it in the header, and frees the old one. */
  private void replace(BitmapDirectory old, List<BitmapDirectory.Entry> entries) {
    var geometry = image.geometry();
    var header = image.header();
    var first = image.first();
    if (entries.isEmpty()) {
      first =
          first
              .withHeader(
                  header.withFeatures(
                      header.incompatible(), header.autoclear() & ~Features.BITMAPS))
              .withExtension(HeaderExtension.BITMAPS, null);
    } else {
      var bytes = BitmapDirectory.encode(image.name(), entries);
      long length = bytes.remaining();
      long place = image.allocator().allocate(geometry.clusters(length));
      image.file().write(place, bytes);
      var fields =
          ByteBuffer.allocate(24).putInt(entries.size()).putInt(0).putLong(length).putLong(place);
      first =
          first
              .withHeader(
                  header.withFeatures(header.incompatible(), header.autoclear() | Features.BITMAPS))
              .withExtension(HeaderExtension.BITMAPS, fields.array());
    }
    image.writeBack();
    image.barrier();
    image.writeFirst(first);
    image.barrier();
    forget(old.offset(), old.bytes());
    image.writeBack();
    image.forgetCounting();
  }

  private void forget(long offset, long bytes) {
    if (offset != 0) {
      image.allocator().free(offset, image.geometry().alignUp(bytes));
    }
  }

  private void refuse(boolean holds, String what) {
    if (holds) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED, "%s: cannot have %s".formatted(image.name(), what));
    }
  }
}
