/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.Extent;
import dev.caisson.disk.Range;
import dev.caisson.disk.Resizable;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import java.util.function.Function;

/**
 * A file that is one LUKS1 container, opened: reads are decrypted, writes encrypted. Sectors never
 * written read as noise, since nothing in the format marks them.
 */
public final class LuksDisk implements Disk, Resizable {
  private static final int SECTOR = SectorCipher.SECTOR;
  private static final int PIECE = 256 << 10;

  private final Storage storage;
  private final LuksContainer container;
  private final Optional<SectorCipher> cipher;
  private final long payload;
  private volatile long size;

  /**
   * Whole sectors are written side by side; a part of one is read, changed and written back, and
   * nobody else may write meanwhile.
   */
  private final ReentrantReadWriteLock parts = new ReentrantReadWriteLock();

  private LuksDisk(Storage storage, LuksContainer container, Optional<SectorCipher> cipher) {
    this.storage = storage;
    this.container = container;
    this.cipher = cipher;
    this.payload = container.header().payloadSector() * SECTOR;
    this.size = storage.size() - payload;
  }

  /**
   * Opens a container; closing the disk closes the storage.
   *
   * @throws DiskException SECRET if no key slot takes the passphrase, CORRUPT if the header is not
   *     sane
   */
  public static LuksDisk open(Storage storage, byte[] passphrase) {
    return open(
        storage,
        container -> {
          try (var key = container.unlock(passphrase)) {
            return Optional.of(key.cipher());
          }
        });
  }

  /**
   * As {@link #open(Storage, byte[])}, with whatever {@code unlock} finds. Without a cipher only
   * the header is told; reads and writes fail with SECRET.
   */
  public static LuksDisk open(
      Storage storage, Function<LuksContainer, Optional<SectorCipher>> unlock) {
    var container = LuksContainer.open(LuksArea.of(storage, 0), storage.name());
    long payload = container.header().payloadSector() * SECTOR;
    if (payload == 0 || payload > storage.size()) {
      throw LuksHeader.corrupt(
          storage.name(), "the payload at byte " + payload + " is not in this file");
    }
    return new LuksDisk(storage, container, unlock.apply(container));
  }

  private SectorCipher key() {
    return cipher.orElseThrow(() ->
        new DiskException(
            DiskException.Kind.SECRET,
            storage.name() + ": is encrypted; give its passphrase, as with --key-file FILE"));
  }

  /**
   * Makes the storage a container.
   *
   * @param size bytes of the disk, a multiple of 512
   */
  public static LuksDisk create(
      Storage storage, long size, LuksOptions options, byte[] passphrase) {
    if (size < 0 || size % SECTOR != 0) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE, storage.name() + ": size must be a multiple of 512");
    }
    storage.truncate(0);
    storage.truncate(LuksContainer.areaBytes(options) + size);
    LuksContainer.create(LuksArea.of(storage, 0), options, passphrase, storage.name());
    return open(storage, passphrase);
  }

  /** Header and key slots, to add and remove keys. */
  public LuksContainer container() {
    return container;
  }

  @Override
  public long size() {
    return size;
  }

  @Override
  public boolean writable() {
    return storage.writable();
  }

  @Override
  public String format() {
    return "luks";
  }

  @Override
  public void read(long offset, ByteBuffer target) {
    Range.check(storage.name(), offset, target.remaining(), size);
    long at = offset;
    while (target.hasRemaining()) {
      int within = (int) (at % SECTOR);
      int whole = target.remaining() / SECTOR * SECTOR;
      int count;
      if (within == 0 && whole > 0) {
        count = whole;
        int start = target.position();
        int limit = target.limit();
        storage.read(payload + at, target.limit(start + count));
        key().decrypt(at / SECTOR, target.position(start));
        target.limit(limit).position(start + count);
      } else {
        var sector = sector(at - within);
        count = Math.min(target.remaining(), sector.limit() - within);
        target.put(sector.slice(within, count));
      }
      at += count;
    }
  }

  /** One decrypted sector; the file's last may be short, and then it is not encrypted data. */
  private ByteBuffer sector(long start) {
    var sector = ByteBuffer.allocate(SECTOR);
    if (start + SECTOR > size) {
      throw LuksHeader.corrupt(storage.name(), "the file ends in the middle of a sector");
    }
    storage.read(payload + start, sector);
    key().decrypt(start / SECTOR, sector.flip());
    return sector;
  }

  @Override
  public void write(long offset, ByteBuffer source) {
    Range.check(storage.name(), offset, source.remaining(), size);
    if (!writable()) {
      throw new DiskException(
          DiskException.Kind.READ_ONLY, storage.name() + ": opened for reading only");
    }
    boolean whole = offset % SECTOR == 0 && source.remaining() % SECTOR == 0;
    Lock lock = whole ? parts.readLock() : parts.writeLock();
    lock.lock();
    try {
      long at = offset;
      while (source.hasRemaining()) {
        at += writePiece(at, source);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Writes a run of whole sectors, or a part of one. */
  private int writePiece(long at, ByteBuffer source) {
    int within = (int) (at % SECTOR);
    int whole = Math.min(source.remaining(), PIECE) / SECTOR * SECTOR;
    ByteBuffer piece;
    int count;
    if (within == 0 && whole > 0) {
      count = whole;
      piece = ByteBuffer.allocate(count);
      piece.put(0, source, source.position(), count);
    } else {
      count = Math.min(source.remaining(), SECTOR - within);
      piece = sector(at - within);
      piece.put(within, source, source.position(), count);
    }
    source.position(source.position() + count);
    key().encrypt((at - within) / SECTOR, piece);
    storage.write(payload + at - within, piece);
    return count;
  }

  @Override
  public void resize(long newSize) {
    Range.check(storage.name(), 0, 0, newSize);
    if (newSize % SECTOR != 0) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE,
          storage.name() + ": a LUKS disk is a multiple of 512 bytes, not " + newSize);
    }
    var _ = key();
    Lock alone = parts.writeLock();
    alone.lock();
    try {
      storage.truncate(Math.addExact(payload, newSize));
      size = newSize;
    } finally {
      alone.unlock();
    }
  }

  @Override
  public String toString() {
    return storage.name();
  }

  @Override
  public void flush() {
    if (writable()) {
      storage.flush();
    }
  }

  @Override
  public Extent extent(long offset, long length) {
    Range.check(storage.name(), offset, length, size);
    return Extent.data(offset, length);
  }

  @Override
  public void close() {
    storage.close();
  }
}
