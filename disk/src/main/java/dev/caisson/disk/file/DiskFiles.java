/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import dev.caisson.disk.Disk;
import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.foreign.ForeignDisk;
import dev.caisson.disk.luks.LuksArea;
import dev.caisson.disk.luks.LuksContainer;
import dev.caisson.disk.luks.LuksDisk;
import dev.caisson.disk.luks.LuksHeader;
import dev.caisson.disk.luks.LuksOptions;
import dev.caisson.disk.luks.MasterKey;
import dev.caisson.disk.qcow2.Qcow2Disk;
import dev.caisson.disk.qcow2.Qcow2Format;
import dev.caisson.disk.raw.RawDisk;
import dev.caisson.disk.storage.FileStorage;
import dev.caisson.disk.storage.FileStorage.Sharing;
import dev.caisson.disk.storage.Storage;
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
        case QCOW2 -> new ChainOpener(options).open(path, storage);
        default -> alone(format, storage, options.passphrases());
      };
    } catch (DiskException | Error refused) {
      storage.close();
      throw refused;
    }
  }

  /** Opens a disk of a format that names no base. */
  static Disk alone(DiskFormat format, Storage storage, Passphrases passphrases) {
    return switch (format) {
      case RAW -> RawDisk.open(storage);
      case LUKS ->
          LuksDisk.open(
              storage, container -> LuksKeys.unlock(container, passphrases.of(storage.name())));
      default -> ForeignDisk.open(format, storage);
    };
  }

  /** Creates an empty qcow2 image; what stood at {@code path} is lost. */
  public static void create(Path path, Qcow2Format format, long size) {
    try (var storage = FileStorage.create(path, Sharing.LOCKED)) {
      format.write(storage, size);
    }
  }

  /** As {@link #create}, of an image that encrypts what it stores. */
  public static void createEncrypted(
      Path path, Qcow2Format format, long size, LuksOptions options, byte[] passphrase) {
    if (format.dataFile().isPresent()) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          path + ": no encryption with an external data file; leave one of them out");
    }
    create(path, format, size);
    var alone = DiskOptions.WRITE.withFormat(DiskFormat.QCOW2).withAlone(true);
    try (var image = (Qcow2Disk) open(path, alone)) {
      image
          .amendment()
          .encrypt(
              LuksContainer.areaBytes(options),
              (file, offset) ->
                  LuksContainer.create(
                      LuksArea.of(file, offset), options, passphrase, file.name()));
    }
  }

  /**
   * Creates a LUKS file; what its disk reads as before it is written is noise.
   *
   * @param size a multiple of 512
   */
  public static void createLuks(Path path, long size, LuksOptions options, byte[] passphrase) {
    LuksDisk.create(FileStorage.create(path, Sharing.LOCKED), size, options, passphrase).close();
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

  /**
   * The LUKS header and key slots of an encrypted disk, to add and remove keys; of use as long as
   * the disk is open.
   *
   * @throws DiskException UNSUPPORTED if the disk is not encrypted
   */
  public static LuksContainer keys(Disk disk) {
    return switch (disk) {
      case LuksDisk whole -> whole.container();
      case Qcow2Disk image ->
          image
              .amendment()
              .encryption(
                  (file, offset) -> LuksContainer.open(LuksArea.of(file, offset), file.name()))
              .orElseThrow(() -> notEncrypted(disk));
      default -> throw notEncrypted(disk);
    };
  }

  /**
   * The key of an encrypted disk, to give it to another slot; to be closed.
   *
   * @throws DiskException SECRET if no passphrase fits
   */
  public static MasterKey masterKey(Disk disk, Passphrases passphrases) {
    var known = passphrases.of(disk.toString());
    if (known.isEmpty()) {
      throw new DiskException(
          DiskException.Kind.SECRET, disk + ": is encrypted; give a passphrase that opens it");
    }
    return LuksKeys.opened(keys(disk), known);
  }

  private static DiskException notEncrypted(Disk disk) {
    return new DiskException(
        DiskException.Kind.UNSUPPORTED, disk + ": is not encrypted; it has no keys to change");
  }

  /** The disk as qcow2 file, if it is one. */
  public static Optional<Qcow2Disk> qcow2(Disk disk) {
    return disk instanceof Qcow2Disk image ? Optional.of(image) : Optional.empty();
  }
}
