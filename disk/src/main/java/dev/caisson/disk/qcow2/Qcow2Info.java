/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import dev.caisson.disk.Snapshot;
import dev.caisson.disk.qcow2.compression.Compression;
import dev.caisson.disk.qcow2.format.Features;
import dev.caisson.disk.qcow2.format.Header;
import dev.caisson.disk.qcow2.format.SnapshotTable;
import dev.caisson.disk.qcow2.image.Image;
import java.util.List;
import java.util.Optional;

/**
 * An image's header, for people and for {@code caisson disk info}.
 *
 * @param compat {@code 0.10} for version 2, {@code 1.1} for version 3
 */
public record Qcow2Info(
    String compat,
    int clusterSize,
    int refcountBits,
    Compression compression,
    boolean lazyRefcounts,
    boolean dirty,
    boolean corrupt,
    boolean extendedL2,
    boolean encrypted,
    Optional<String> backing,
    Optional<String> backingFormat,
    Optional<String> dataFile,
    boolean dataFileRaw,
    List<Snapshot> snapshots) {

  static Qcow2Info of(Image image) {
    var first = image.first();
    var header = first.header();
    return new Qcow2Info(
        header.version() == 2 ? "0.10" : "1.1",
        header.clusterSize(),
        header.refcountBits(),
        Compression.of(header.compressionType()),
        (header.compatible() & Features.LAZY_REFCOUNTS) != 0,
        header.has(Features.DIRTY),
        header.has(Features.CORRUPT),
        header.extendedL2(),
        header.cryptMethod() != Header.CRYPT_NONE,
        first.backing(),
        first.backingFormat(),
        first.dataFile(),
        header.rawExternal(),
        SnapshotTable.read(image.file(), header).entries().stream()
            .map(entry -> entry.describe(header.size()))
            .toList());
  }
}
