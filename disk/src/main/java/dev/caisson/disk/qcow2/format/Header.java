/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.format;

import static dev.caisson.disk.DiskException.corrupt;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.compression.Compression;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/**
 * The fixed part of a qcow2 header, already proven sane: every table it names is aligned and of a
 * bounded size. Offsets and sizes are bytes unless the name says otherwise.
 */
public record Header(
    int version,
    long backingOffset,
    int backingLength,
    int clusterBits,
    long size,
    int cryptMethod,
    int l1Size,
    long l1Offset,
    long refcountTableOffset,
    int refcountTableClusters,
    int snapshotCount,
    long snapshotsOffset,
    long incompatible,
    long compatible,
    long autoclear,
    int refcountOrder,
    int length,
    int compressionType) {

  public static final int MAGIC = 0x514649fb; // "QFI\xfb"
  public static final int V2_LENGTH = 72;
  static final int V3_LENGTH = 104;
  public static final int WITH_COMPRESSION = 112;

  /** Places of the fields that are rewritten alone, so that each rewrite is one small write. */
  static final int AT_BACKING = 8;

  public static final int AT_SIZE = 24;

  public static final int AT_L1 = 36;
  public static final int AT_REFCOUNT_TABLE = 48;
  public static final int AT_SNAPSHOTS = 60;
  public static final int AT_INCOMPATIBLE = 72;
  public static final int AT_AUTOCLEAR = 88;

  /** QEMU's bounds; each also bounds our memory. */
  public static final long MAX_L1_BYTES = 32 << 20;

  public static final long MAX_REFCOUNT_TABLE_BYTES = 8 << 20;
  public static final int MAX_SNAPSHOTS = 65_536;
  static final int MAX_BACKING_NAME = 1023;

  /** Version 2 counts in 16 bits. */
  public static final int REFCOUNT_ORDER_OF_2 = 4;

  public static final int CRYPT_NONE = 0;
  public static final int CRYPT_AES = 1;
  public static final int CRYPT_LUKS = 2;

  /**
   * Reads the header that starts {@code file}'s first bytes.
   *
   * @param start at least 112 bytes, zero beyond the end of a shorter file
   * @throws DiskException CORRUPT or UNSUPPORTED
   */
  static Header parse(String file, ByteBuffer start) {
    if (start.getInt(0) != MAGIC) {
      throw corrupt(file, "is not a qcow2 image");
    }
    int version = start.getInt(4);
    if (version != 2 && version != 3) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED, "%s: qcow2 version %d".formatted(file, version));
    }
    var header = read(start);
    header.check(file);
    return header;
  }

  private static Header read(ByteBuffer start) {
    int version = start.getInt(4);
    boolean three = version == 3;
    int length = three ? start.getInt(100) : V2_LENGTH;
    return new Header(
        version,
        start.getLong(AT_BACKING),
        start.getInt(AT_BACKING + 8),
        start.getInt(20),
        start.getLong(AT_SIZE),
        start.getInt(32),
        start.getInt(AT_L1),
        start.getLong(AT_L1 + 4),
        start.getLong(AT_REFCOUNT_TABLE),
        start.getInt(AT_REFCOUNT_TABLE + 8),
        start.getInt(AT_SNAPSHOTS),
        start.getLong(AT_SNAPSHOTS + 4),
        three ? start.getLong(AT_INCOMPATIBLE) : 0,
        three ? start.getLong(80) : 0,
        three ? start.getLong(AT_AUTOCLEAR) : 0,
        three ? start.getInt(96) : REFCOUNT_ORDER_OF_2,
        length,
        three && length > V3_LENGTH ? start.get(104) & 0xff : Compression.DEFLATE.type());
  }

  private void check(String file) {
    refuse(clusterBits < 9 || clusterBits > 21, file, "cluster size 2^" + clusterBits);
    refuse(length < (version == 3 ? V3_LENGTH : V2_LENGTH), file, "header length " + length);
    refuse(length > clusterSize() || length % 8 != 0, file, "header length " + length);
    refuse(refcountOrder < 0 || refcountOrder > 6, file, "refcount width 2^" + refcountOrder);
    refuse(size < 0, file, "disk size " + size);
    long unknown = incompatible & ~Features.KNOWN_INCOMPATIBLE;
    if (unknown != 0) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          "%s: uses features this version does not know (incompatible bits 0x%x)"
              .formatted(file, unknown));
    }
    if (compressionType > Compression.ZSTD.type()) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          "%s: compression type %d".formatted(file, compressionType));
    }
    refuse(
        (compressionType != Compression.DEFLATE.type()) != has(Features.COMPRESSION_TYPE),
        file,
        "compression type and its feature bit disagree");
    refuse(cryptMethod < CRYPT_NONE || cryptMethod > CRYPT_LUKS, file, "encryption " + cryptMethod);
    refuse(extendedL2() && clusterBits < 14, file, "subclusters in clusters below 16 KiB");
    refuse(
        has(Features.EXTERNAL_DATA) && cryptMethod != CRYPT_NONE,
        file,
        "encryption with an external data file");
    checkTables(file);
    checkBackingName(file);
  }

  private void checkTables(String file) {
    refuse(l1Size < 0 || l1Size * 8L > MAX_L1_BYTES, file, "L1 table of %d".formatted(l1Size));
    refuse(
        l1Size < geometry().l1Entries(size),
        file,
        "L1 table of %d entries is too small for %d bytes".formatted(l1Size, size));
    refuseTable(file, "L1 table", l1Offset, l1Size * 8L);
    refuse(
        refcountTableClusters <= 0
            || ((long) refcountTableClusters << clusterBits) > MAX_REFCOUNT_TABLE_BYTES,
        file,
        "refcount table of %d clusters".formatted(refcountTableClusters));
    refuseTable(
        file, "refcount table", refcountTableOffset, (long) refcountTableClusters << clusterBits);
    refuse(snapshotCount < 0 || snapshotCount > MAX_SNAPSHOTS, file, snapshotCount + " snapshots");
    if (snapshotCount > 0) {
      refuseTable(file, "snapshot table", snapshotsOffset, 40L * snapshotCount);
    }
  }

  private void refuseTable(String file, String table, long offset, long bytes) {
    boolean empty = bytes == 0 && offset == 0;
    refuse(
        !empty
            && (offset < clusterSize()
                || (offset & (clusterSize() - 1)) != 0
                || offset > Long.MAX_VALUE - bytes),
        file,
        "%s at 0x%x".formatted(table, offset));
  }

  private void checkBackingName(String file) {
    if (backingOffset == 0) {
      return;
    }
    refuse(
        backingLength < 0 || backingLength > MAX_BACKING_NAME,
        file,
        "backing name of %d bytes".formatted(backingLength));
    refuse(
        backingOffset < length || backingOffset > clusterSize() - backingLength,
        file,
        "backing name at 0x%x".formatted(backingOffset));
  }

  private static void refuse(boolean bad, String file, String what) {
    if (bad) {
      throw corrupt(file, "invalid header: " + what);
    }
  }

  public int clusterSize() {
    return 1 << clusterBits;
  }

  public Geometry geometry() {
    return new Geometry(clusterBits, extendedL2());
  }

  public boolean extendedL2() {
    return has(Features.EXTENDED_L2);
  }

  public boolean has(long incompatibleBit) {
    return (incompatible & incompatibleBit) != 0;
  }

  public boolean rawExternal() {
    return has(Features.EXTERNAL_DATA) && (autoclear & Features.RAW_EXTERNAL) != 0;
  }

  public int refcountBits() {
    return 1 << refcountOrder;
  }

  /** Writes the fixed part at the start of {@code target}. */
  void encode(ByteBuffer target) {
    target.putInt(0, MAGIC).putInt(4, version);
    target
        .putLong(AT_BACKING, backingOffset)
        .putInt(AT_BACKING + 8, backingLength)
        .putInt(20, clusterBits);
    target.putLong(AT_SIZE, size).putInt(32, cryptMethod);
    target.putInt(AT_L1, l1Size).putLong(AT_L1 + 4, l1Offset);
    target.putLong(AT_REFCOUNT_TABLE, refcountTableOffset);
    target.putInt(AT_REFCOUNT_TABLE + 8, refcountTableClusters);
    target.putInt(AT_SNAPSHOTS, snapshotCount).putLong(AT_SNAPSHOTS + 4, snapshotsOffset);
    if (version == 2) {
      return;
    }
    target.putLong(AT_INCOMPATIBLE, incompatible).putLong(80, compatible);
    target.putLong(AT_AUTOCLEAR, autoclear).putInt(96, refcountOrder).putInt(100, length);
    if (length > V3_LENGTH) {
      target.put(104, (byte) compressionType);
    }
  }

  public Header withSize(long newSize) {
    return with(bytes -> bytes.putLong(AT_SIZE, newSize));
  }

  public Header withL1(int newSize, long newOffset) {
    return with(bytes -> bytes.putInt(AT_L1, newSize).putLong(AT_L1 + 4, newOffset));
  }

  public Header withSnapshots(int count, long offset) {
    return with(bytes -> bytes.putInt(AT_SNAPSHOTS, count).putLong(AT_SNAPSHOTS + 4, offset));
  }

  public Header withFeatures(long newIncompatible, long newAutoclear) {
    return with(bytes ->
        bytes.putLong(AT_INCOMPATIBLE, newIncompatible).putLong(AT_AUTOCLEAR, newAutoclear));
  }

  public Header withRefcountTable(long offset, int clusters) {
    return with(
        bytes -> bytes.putLong(AT_REFCOUNT_TABLE, offset).putInt(AT_REFCOUNT_TABLE + 8, clusters));
  }

  public Header withEncryption(int method) {
    return with(bytes -> bytes.putInt(32, method));
  }

  public Header withCompatible(long bits) {
    return with(bytes -> bytes.putLong(AT_INCOMPATIBLE + 8, bits));
  }

  public Header withRefcountOrder(int order) {
    return with(bytes -> bytes.putInt(96, order));
  }

  /** Of version 3, saying nothing that version 2 did not. */
  public Header upgraded() {
    return with(
        bytes -> bytes.putInt(4, 3).putInt(96, REFCOUNT_ORDER_OF_2).putInt(100, WITH_COMPRESSION));
  }

  /** Of version 2, which has no features. */
  public Header downgraded() {
    return with(bytes -> bytes.putInt(4, 2));
  }

  Header withBacking(long offset, int nameLength) {
    return with(bytes -> bytes.putLong(AT_BACKING, offset).putInt(AT_BACKING + 8, nameLength));
  }

  /** A copy that differs where its bytes do. */
  private Header with(Consumer<ByteBuffer> change) {
    var bytes = ByteBuffer.allocate(WITH_COMPRESSION);
    encode(bytes);
    change.accept(bytes);
    return read(bytes);
  }
}
