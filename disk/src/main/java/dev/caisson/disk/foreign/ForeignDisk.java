/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.foreign;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.Extent;
import dev.caisson.disk.Range;
import dev.caisson.disk.ReadOnlyDisk;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;

/**
 * A disk in another program's format. Reading goes run by run: the format says where each run lies,
 * and this class fetches it.
 */
public abstract sealed class ForeignDisk implements ReadOnlyDisk
    permits VdiDisk, VhdDisk, VhdxDisk, VmdkDisk {
  /** Neighbouring runs joined in one answer; more would make one question cost too much. */
  private static final int MOST_JOINED = 1024;

  private final Storage storage;
  private final DiskFormat format;
  private final long fileSize;

  ForeignDisk(Storage storage, DiskFormat format) {
    this.storage = storage;
    this.fileSize = storage.size();
    this.format = format;
  }

  /**
   * Opens a disk that stands alone; closing it closes the storage.
   *
   * @param format VMDK, VHD, VHDX or VDI: it is told, never guessed
   * @throws DiskException CORRUPT if the file contradicts the format, UNSUPPORTED if it needs
   *     another file or an unknown feature
   */
  public static ForeignDisk open(DiskFormat format, Storage storage) {
    return switch (format) {
      case VMDK -> VmdkDisk.open(storage);
      case VHD -> VhdDisk.open(storage);
      case VHDX -> VhdxDisk.open(storage);
      case VDI -> VdiDisk.open(storage);
      default -> throw new IllegalArgumentException(format.label() + " is no foreign format");
    };
  }

  /**
   * Where the bytes at {@code offset} are: a run of at most {@code length} bytes, not empty. DATA
   * has a host offset, unless a base holds it.
   */
  abstract Extent locate(long offset, long length);

  /** Reads part of a COMPRESSED run. */
  void unpack(Extent run, ByteBuffer target) {
    throw new IllegalStateException(format.label() + " packs nothing");
  }

  /** Reads part of a run with a depth above 0. */
  void readBase(Extent run, ByteBuffer target) {
    throw new IllegalStateException(format.label() + " has no base");
  }

  Storage storage() {
    return storage;
  }

  @Override
  public final String format() {
    return format.label();
  }

  @Override
  public final void read(long offset, ByteBuffer target) {
    Range.check(storage.name(), offset, target.remaining(), size());
    int end = target.limit();
    long at = offset;
    while (target.position() < end) {
      var run = locate(at, end - target.position());
      int count = (int) run.length();
      var part = target.slice(target.position(), count);
      fetch(run, part);
      target.position(target.position() + count);
      at += count;
    }
  }

  private void fetch(Extent run, ByteBuffer part) {
    if (run.depth() > 0) {
      readBase(run, part);
      return;
    }
    switch (run.kind()) {
      case DATA -> storage.read(run.hostOffset(), part);
      case COMPRESSED -> unpack(run, part);
      case ZERO, HOLE -> {
        while (part.hasRemaining()) {
          part.put(part.position(), ZEROES, 0, Math.min(part.remaining(), ZEROES.length));
          part.position(part.position() + Math.min(part.remaining(), ZEROES.length));
        }
      }
    }
  }

  private static final byte[] ZEROES = new byte[64 << 10];

  @Override
  public final Extent extent(long offset, long length) {
    Range.check(storage.name(), offset, length, size());
    var run = locate(offset, length);
    for (int i = 0; i < MOST_JOINED && run.length() < length; i++) {
      var next = locate(run.end(), length - run.length());
      boolean follows =
          run.hostOffset() < 0
              ? next.hostOffset() < 0
              : next.hostOffset() == run.hostOffset() + run.length();
      if (next.kind() != run.kind() || next.depth() != run.depth() || !follows) {
        break;
      }
      run =
          new Extent(
              offset, run.length() + next.length(), run.kind(), run.depth(), run.hostOffset());
    }
    return run;
  }

  @Override
  public final void write(long offset, ByteBuffer source) {
    throw new DiskException(
        DiskException.Kind.READ_ONLY,
        storage.name() + ": " + format.label() + " is only read; convert it to qcow2 to write");
  }

  @Override
  public void close() {
    storage.close();
  }

  /** Refuses stored runs that are not in the file: reading them would be an error at best. */
  final Extent stored(long offset, long length, long hostOffset) {
    if (hostOffset < 0 || hostOffset > fileSize - length) {
      throw corrupt("the data of byte " + offset + " lies past the end of the file");
    }
    return new Extent(offset, length, Extent.Kind.DATA, 0, hostOffset);
  }

  final DiskException corrupt(String reason) {
    return DiskException.corrupt(storage.name(), format.label() + ": " + reason);
  }

  static DiskException corrupt(Storage storage, DiskFormat format, String reason) {
    return DiskException.corrupt(storage.name(), format.label() + ": " + reason);
  }

  static DiskException unsupported(Storage storage, DiskFormat format, String reason) {
    return new DiskException(
        DiskException.Kind.UNSUPPORTED, storage.name() + ": " + format.label() + ": " + reason);
  }
}
