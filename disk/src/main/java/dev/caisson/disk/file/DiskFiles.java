/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.foreign.ForeignDisk;
import dev.caisson.disk.luks.LuksHeader;
import dev.caisson.disk.qcow2.Qcow2Disk;
import dev.caisson.disk.qcow2.Qcow2Format;
import dev.caisson.disk.raw.RawDisk;
import dev.caisson.disk.storage.FileStorage;
import dev.caisson.disk.storage.FileStorage.Sharing;
import java.nio.file.Path;
import java.util.Optional;

/** Opens and creates disks by file name, chains and all. */
public final class DiskFiles {
  private DiskFiles() {}

  /**
   * Opens a disk and everything beneath it.
   *
   * @throws DiskException MISSING (naming which file of the chain), LOCKED, CORRUPT, REFUSED, ...
   */
  public static Disk open(Path path, DiskOptions options) {
    var sharing = options.unlocked() ? Sharing.UNLOCKED : Sharing.LOCKED;
    var storage = FileStorage.open(path, options.writable(), sharing);
    try {
      DiskFormat format = options.format().orElseGet(() -> FormatProbe.of(storage));
      return switch (format) {
        case RAW -> RawDisk.open(storage);
        case QCOW2 -> new ChainOpener(options).open(path, storage);
        case VMDK, VHD, VHDX, VDI -> ForeignDisk.open(format, storage);
      };
    } catch (DiskException | Error refused) {
      storage.close();
      throw refused;
    }
  }

  /** Creates an empty qcow2 image; what stood at {@code path} is lost. */
  public static void create(Path path, Qcow2Format format, long size) {
    try (var storage = FileStorage.create(path, Sharing.LOCKED)) {
      format.write(storage, size);
    }
  }

  /** Creates a raw disk of zeroes. */
  public static void createRaw(Path path, long size) {
    RawDisk.create(FileStorage.create(path, Sharing.LOCKED), size).close();
  }

  /**
   * Creates a disk that stands on {@code base} and so far differs in nothing; costs the same for
   * any size.
   *
   * @param baseName the base as the child shall name it, relative to the child's folder or absolute
   */
  public static void createChild(Path child, String baseName, DiskFormat baseFormat) {
    Path base = BasePolicy.LOCAL.permit(child, baseName);
    long size = sizeOf(base, baseFormat);
    create(child, Qcow2Format.DEFAULT.withBacking(baseName, baseFormat.label()), size);
  }

  /** Size of a disk, from its header alone. */
  public static long sizeOf(Path path, DiskFormat format) {
    var options = DiskOptions.READ.withFormat(format).withAlone(true).withUnlocked(true);
    try (var disk = open(path, options)) {
      return disk.size();
    }
  }

  /**
   * The LUKS header of an encrypted image; reading it takes no password.
   *
   * @throws DiskException CORRUPT or UNSUPPORTED
   */
  public static Optional<LuksHeader> encryption(Qcow2Disk image) {
    return image
        .encryptionHeader(LuksHeader.BYTES)
        .map(bytes -> LuksHeader.parse(bytes, image.name()));
  }

  /** The disk as qcow2 file, if it is one. */
  public static Optional<Qcow2Disk> qcow2(Disk disk) {
    return disk instanceof Qcow2Disk image ? Optional.of(image) : Optional.empty();
  }
}
