/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.compression.Compression;
import dev.caisson.disk.qcow2.format.FeatureNames;
import dev.caisson.disk.qcow2.format.Features;
import dev.caisson.disk.qcow2.format.FirstCluster;
import dev.caisson.disk.qcow2.format.Geometry;
import dev.caisson.disk.qcow2.format.Header;
import dev.caisson.disk.qcow2.format.HeaderExtension;
import dev.caisson.disk.qcow2.image.Refcounts;
import dev.caisson.disk.qcow2.image.Tables;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * What a new image shall look like. Start from {@link #DEFAULT}, which is qemu-img's: version 3, 64
 * KiB clusters, 16-bit refcounts, deflate.
 *
 * @param version 2 or 3
 * @param clusterSize bytes, a power of two from 512 to 2 MiB
 * @param refcountBits 1, 2, 4, ... 64; version 2 has 16 only
 * @param extendedL2 whether clusters (of 16 KiB or more) have 32 subclusters
 * @param lazyRefcounts whether other programs may write refcounts late
 * @param backing name of the base, as it is to stand in the file
 * @param backingFormat its format; never guessed, so needed with a base
 * @param dataFile name of an external data file
 * @param dataFileRaw whether that file alone shall be a valid raw image
 */
public record Qcow2Format(
    int version,
    int clusterSize,
    int refcountBits,
    Compression compression,
    boolean extendedL2,
    boolean lazyRefcounts,
    Optional<String> backing,
    Optional<String> backingFormat,
    Optional<String> dataFile,
    boolean dataFileRaw) {

  public static final Qcow2Format DEFAULT =
      new Qcow2Format(
          3,
          1 << 16,
          16,
          Compression.DEFLATE,
          false,
          false,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          false);

  public Qcow2Format {
    int bits = Integer.numberOfTrailingZeros(clusterSize);
    require(
        clusterSize == 1 << bits && bits >= 9 && bits <= 21,
        "cluster size %d; have powers of two from 512 to 2M".formatted(clusterSize));
    require(
        Integer.bitCount(refcountBits) == 1 && refcountBits <= 64,
        "refcount width %d; have 1, 2, 4, 8, 16, 32 and 64".formatted(refcountBits));
    require(version == 2 || version == 3, "version " + version);
    boolean needsThree =
        refcountBits != 16
            || compression != Compression.DEFLATE
            || extendedL2
            || lazyRefcounts
            || dataFile.isPresent();
    require(version == 3 || !needsThree, "version 2 with features of version 3");
    require(!extendedL2 || bits >= 14, "subclusters in clusters below 16 KiB");
    require(
        !dataFileRaw || (dataFile.isPresent() && backing.isEmpty()), "a raw data file on a base");
    require(backing.isEmpty() || backingFormat.isPresent(), "a base without its format");
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new DiskException(DiskException.Kind.UNSUPPORTED, "qcow2 cannot have " + what);
    }
  }

  public Qcow2Format withVersion(int v) {
    return with(draft -> draft.version = v);
  }

  public Qcow2Format withClusterSize(int bytes) {
    return with(draft -> draft.clusterSize = bytes);
  }

  public Qcow2Format withRefcountBits(int bits) {
    return with(draft -> draft.refcountBits = bits);
  }

  public Qcow2Format withCompression(Compression type) {
    return with(draft -> draft.compression = type);
  }

  public Qcow2Format withExtendedL2(boolean extended) {
    return with(draft -> draft.extendedL2 = extended);
  }

  public Qcow2Format withLazyRefcounts(boolean lazy) {
    return with(draft -> draft.lazyRefcounts = lazy);
  }

  public Qcow2Format withBacking(String name, String format) {
    return with(draft -> {
      draft.backing = Optional.of(name);
      draft.backingFormat = Optional.of(format);
    });
  }

  public Qcow2Format withDataFile(String name, boolean raw) {
    return with(draft -> {
      draft.dataFile = Optional.of(name);
      draft.dataFileRaw = raw;
    });
  }

  private Qcow2Format with(Consumer<Draft> change) {
    var draft = new Draft(this);
    change.accept(draft);
    return draft.format();
  }

  /** The same fields, to be changed before they are checked. */
  private static final class Draft {
    private int version;
    private int clusterSize;
    private int refcountBits;
    private Compression compression;
    private boolean extendedL2;
    private boolean lazyRefcounts;
    private Optional<String> backing;
    private Optional<String> backingFormat;
    private Optional<String> dataFile;
    private boolean dataFileRaw;

    Draft(Qcow2Format from) {
      version = from.version;
      clusterSize = from.clusterSize;
      refcountBits = from.refcountBits;
      compression = from.compression;
      extendedL2 = from.extendedL2;
      lazyRefcounts = from.lazyRefcounts;
      backing = from.backing;
      backingFormat = from.backingFormat;
      dataFile = from.dataFile;
      dataFileRaw = from.dataFileRaw;
    }

    Qcow2Format format() {
      return new Qcow2Format(
          version,
          clusterSize,
          refcountBits,
          compression,
          extendedL2,
          lazyRefcounts,
          backing,
          backingFormat,
          dataFile,
          dataFileRaw);
    }
  }

  private Geometry geometry() {
    return new Geometry(Integer.numberOfTrailingZeros(clusterSize), extendedL2);
  }

  /**
   * Lays out an empty image in {@code file}: header, refcount table, one refcount block, L1 table.
   *
   * @param size of the disk in bytes
   */
  public void write(Storage file, long size) {
    var geometry = geometry();
    long l1Entries = geometry.l1Entries(size);
    require(size >= 0 && l1Entries * 8 <= Header.MAX_L1_BYTES, size + " bytes in such clusters");
    int order = Integer.numberOfTrailingZeros(refcountBits);
    long l1Clusters = geometry.clusters(l1Entries * 8);
    long perBlock = 1L << (geometry.clusterBits() + 3 - order);
    long blocks = 1;
    long tableClusters = 1;
    while (blocks * perBlock < 1 + tableClusters + blocks + l1Clusters) {
      blocks++;
      tableClusters = geometry.clusters(blocks * 8);
    }
    long l1Offset = (1 + tableClusters + blocks) << geometry.clusterBits();
    file.truncate(0);
    writeCounts(
        file, geometry, order, tableClusters, blocks, 1 + tableClusters + blocks + l1Clusters);
    var first = first(geometry, order, size, l1Entries, l1Offset, (int) tableClusters);
    file.write(0, used(first.encode(file.name())));
    long end = l1Offset + (l1Clusters << geometry.clusterBits());
    if (file.size() < end) {
      file.truncate(end);
    }
  }

  /** The header cluster is zero behind the base's name: no need to write that. */
  private static ByteBuffer used(ByteBuffer cluster) {
    int end = cluster.limit();
    while (end > Header.WITH_COMPRESSION && cluster.get(end - 1) == 0) {
      end--;
    }
    return cluster.limit(end);
  }

  private static void writeCounts(
      Storage file, Geometry geometry, int order, long tableClusters, long blocks, long used) {
    var table = new long[(int) blocks];
    for (int i = 0; i < blocks; i++) {
      table[i] = (1 + tableClusters + i) << geometry.clusterBits();
    }
    Tables.write(file, geometry.clusterSize(), table);
    long perBlock = 1L << (geometry.clusterBits() + 3 - order);
    for (int i = 0; i < blocks; i++) {
      long here = Math.min(perBlock, used - i * perBlock);
      var block = ByteBuffer.allocate((int) Math.max(1, ((here << order) + 7) >>> 3));
      for (long at = 0; at < here; at++) {
        Refcounts.write(block, at << order, order, 1);
      }
      file.write(table[i], block);
    }
  }

  private FirstCluster first(
      Geometry geometry, int order, long size, long l1Entries, long l1Offset, int tableClusters) {
    long incompatible =
        (extendedL2 ? Features.EXTENDED_L2 : 0)
            | (compression == Compression.ZSTD ? Features.COMPRESSION_TYPE : 0)
            | (dataFile.isPresent() ? Features.EXTERNAL_DATA : 0);
    var header =
        new Header(
            version,
            0,
            0,
            geometry.clusterBits(),
            size,
            Header.CRYPT_NONE,
            (int) l1Entries,
            l1Offset,
            geometry.clusterSize(),
            tableClusters,
            0,
            0,
            incompatible,
            lazyRefcounts ? Features.LAZY_REFCOUNTS : 0,
            dataFileRaw ? Features.RAW_EXTERNAL : 0,
            order,
            version == 2 ? Header.V2_LENGTH : Header.WITH_COMPRESSION,
            compression.type());
    List<HeaderExtension> extensions = new ArrayList<>();
    backingFormat.ifPresent(name ->
        extensions.add(new HeaderExtension(HeaderExtension.BACKING_FORMAT, name.getBytes(UTF_8))));
    dataFile.ifPresent(name ->
        extensions.add(new HeaderExtension(HeaderExtension.DATA_FILE, name.getBytes(UTF_8))));
    if (version == 3 && geometry.clusterBits() >= 10) {
      extensions.add(new HeaderExtension(HeaderExtension.FEATURE_NAMES, FeatureNames.TABLE));
    }
    return new FirstCluster(header, new byte[0], List.copyOf(extensions), backing);
  }
}
