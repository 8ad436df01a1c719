/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.Extent;
import dev.caisson.disk.Resizable;
import dev.caisson.disk.Sparse;
import dev.caisson.disk.qcow2.Qcow2Disk;
import dev.caisson.disk.storage.PageBuffer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/** Operations between a disk and what it stands on. */
public final class Rebasing {
  private static final int PIECE = 1 << 20;

  private final Passphrases passphrases;

  /**
   * @param passphrases open those disks that are encrypted
   */
  public Rebasing(Passphrases passphrases) {
    this.passphrases = passphrases;
  }

  private DiskOptions options(DiskOptions of) {
    return of.withPassphrases(passphrases);
  }

  /** Only writes another name into the image; right when the base moved, wrong otherwise. */
  public static void rename(Path path, Optional<String> base, Optional<String> format) {
    var options = DiskOptions.WRITE.withFormat(DiskFormat.QCOW2).withAlone(true);
    try (var disk = (Qcow2Disk) DiskFiles.open(path, options)) {
      disk.amendment().base(base, format);
    }
  }

  /**
   * Puts an image onto another base, keeping what it reads as: whatever differs between the two
   * bases is first copied into the image. Without a base, everything is: the image is flat then.
   */
  public void rebase(
      Path path, Optional<String> base, Optional<DiskFormat> format, LongConsumer progress) {
    try (var disk =
        (Qcow2Disk) DiskFiles.open(path, options(DiskOptions.WRITE).withFormat(DiskFormat.QCOW2))) {
      if (base.isPresent()) {
        Path file = BasePolicy.LOCAL.permit(path, base.get());
        refuseLoop(path, file);
        try (var next = DiskFiles.open(file, options(DiskOptions.READ).withFormat(format))) {
          keepDifferences(disk, Optional.of(next), progress);
        }
      } else {
        keepDifferences(disk, Optional.empty(), progress);
      }
      disk.flush();
      disk.amendment().base(base, format.map(DiskFormat::label));
    }
  }

  private static void refuseLoop(Path path, Path base) {
    if (isSame(path, base)) {
      throw new DiskException(DiskException.Kind.CONFLICT, path + ": cannot stand on itself");
    }
  }

  private static boolean isSame(Path path, Path other) {
    try {
      return Files.isSameFile(path, other);
    } catch (IOException failure) {
      throw DiskException.io(other.toString(), failure);
    }
  }

  private static void keepDifferences(Qcow2Disk disk, Optional<Disk> next, LongConsumer progress) {
    long end = disk.size();
    var old = new byte[PIECE];
    var fresh = new byte[PIECE];
    for (long at = 0; at < end; ) {
      var own = disk.own(at, Math.min(PIECE, end - at));
      if (own.kind() == Extent.Kind.HOLE) {
        keepRange(disk, next, at, (int) own.length(), old, fresh);
      }
      at = own.end();
      progress.accept(at);
    }
  }

  private static void keepRange(
      Qcow2Disk disk, Optional<Disk> next, long at, int length, byte[] old, byte[] fresh) {
    disk.read(at, ByteBuffer.wrap(old, 0, length));
    Arrays.fill(fresh, 0, length, (byte) 0);
    if (next.isPresent() && at < next.get().size()) {
      int there = (int) Math.min(length, next.get().size() - at);
      next.get().read(at, ByteBuffer.wrap(fresh, 0, there));
    }
    int step = disk.clusterSize();
    for (int from = 0; from < length; from += step) {
      int to = Math.min(length, from + step);
      if (!Arrays.equals(old, from, to, fresh, from, to)) {
        disk.write(at + from, ByteBuffer.wrap(old, from, to - from));
      }
    }
  }

  /**
   * Writes what a disk holds into its direct base, which then reads as the disk does.
   *
   * @param keep whether the disk's own clusters stay; otherwise it is emptied
   */
  public void commit(Path path, boolean keep, LongConsumer progress) {
    try (var disk =
        (Qcow2Disk)
            DiskFiles.open(
                path, options(DiskOptions.WRITE).withFormat(DiskFormat.QCOW2).withAlone(true))) {
      String name =
          disk.baseName()
              .orElseThrow(() ->
                  new DiskException(
                      DiskException.Kind.MISSING, path + ": has no base to commit into"));
      var format = disk.baseFormat().flatMap(DiskFormat::named);
      if (format.isEmpty()) {
        throw new DiskException(
            DiskException.Kind.REFUSED, path + ": does not say its base's format");
      }
      Path file = BasePolicy.LOCAL.permit(path, name);
      refuseLoop(path, file);
      try (var base = DiskFiles.open(file, options(DiskOptions.WRITE).withFormat(format))) {
        if (base.size() < disk.size() && base instanceof Resizable growing) {
          growing.resize(disk.size());
        }
        copyDown(disk, base, progress);
        base.flush();
      }
      if (!keep) {
        disk.makeEmpty();
      }
    }
  }

  /**
   * Writes what a disk shows, and what lies between it and {@code base}, into a base further down.
   * The disk keeps its clusters; the files between, and other disks on them, are of no use
   * afterwards.
   *
   * @throws DiskException MISSING if the disk does not stand on {@code base}
   */
  public void commitInto(Path path, Path base, LongConsumer progress) {
    var owner = options(DiskOptions.WRITE).withFormat(DiskFormat.QCOW2).withAlone(true);
    var reader = options(DiskOptions.READ).withFormat(DiskFormat.QCOW2).withUnlocked(true);
    try (var held = DiskFiles.open(path, owner);
        var disk = (Qcow2Disk) DiskFiles.open(path, reader)) {
      int depth = depthOf(disk, base);
      var options = options(DiskOptions.WRITE).withFormat(formatAt(path, depth));
      try (var target = DiskFiles.open(base, options)) {
        if (target.size() < held.size() && target instanceof Resizable growing) {
          growing.resize(held.size());
        }
        copyAbove(disk, depth, target, progress);
        target.flush();
      }
    }
  }

  private static int depthOf(Qcow2Disk disk, Path base) {
    List<String> files = disk.chain();
    for (int depth = 1; depth < files.size(); depth++) {
      if (isSame(Path.of(files.get(depth)), base)) {
        return depth;
      }
    }
    throw new DiskException(
        DiskException.Kind.MISSING,
        "%s: does not stand on '%s'; it stands on %s"
            .formatted(disk, base, files.subList(1, files.size())));
  }

  /** The format that the file above says its base has. */
  private static Optional<DiskFormat> formatAt(Path path, int depth) {
    Path above = path;
    for (int i = 1; ; i++) {
      var options = DiskOptions.READ.withFormat(DiskFormat.QCOW2).withAlone(true);
      try (var disk = (Qcow2Disk) DiskFiles.open(above, options.withUnlocked(true))) {
        if (i == depth) {
          return disk.baseFormat().flatMap(DiskFormat::named);
        }
        above = BasePolicy.LOCAL.permit(above, disk.baseName().orElseThrow());
      }
    }
  }

  private static void copyAbove(Disk disk, int depth, Disk base, LongConsumer progress) {
    var buffer = PageBuffer.allocate(PIECE);
    for (long at = 0; at < disk.size(); ) {
      var extent = disk.extent(at, Math.min(PIECE, disk.size() - at));
      boolean above = extent.present() && extent.depth() < depth;
      if (above && extent.readsAsZero() && base instanceof Sparse sparse) {
        sparse.writeZeroes(at, extent.length(), true);
      } else if (above) {
        disk.read(at, buffer.clear().limit((int) extent.length()));
        base.write(at, buffer.flip());
      }
      at = extent.end();
      progress.accept(at);
    }
  }

  private static void copyDown(Qcow2Disk disk, Disk base, LongConsumer progress) {
    var buffer = PageBuffer.allocate(PIECE);
    for (long at = 0; at < disk.size(); ) {
      var own = disk.own(at, Math.min(PIECE, disk.size() - at));
      if (own.kind() == Extent.Kind.ZERO && base instanceof Sparse sparse) {
        sparse.writeZeroes(at, own.length(), true);
      } else if (own.kind() != Extent.Kind.HOLE) {
        disk.read(at, buffer.clear().limit((int) own.length()));
        base.write(at, buffer.flip());
      }
      at = own.end();
      progress.accept(at);
    }
  }
}
