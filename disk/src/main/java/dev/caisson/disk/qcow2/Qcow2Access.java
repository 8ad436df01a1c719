/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.image.ClusterCipher;
import dev.caisson.disk.storage.Storage;
import java.util.Optional;
import java.util.function.Function;

/**
 * What the opener of an image decides.
 *
 * @param syncing whether {@code flush} and the order of metadata reach stable storage; false is
 *     qemu-img's cache mode "unsafe"
 * @param repairing whether an image marked dirty or corrupt may be opened for writing
 * @param dataFile opens the external data file of that name, or refuses
 * @param unlock finds the cipher of an encrypted image, given its file and header
 */
public record Qcow2Access(
    boolean syncing, boolean repairing, Function<String, Storage> dataFile, Unlock unlock) {

  /** Turns an encryption header into a cipher. */
  @FunctionalInterface
  public interface Unlock {
    /**
     * @param headerOffset where the image's encryption header stands, in bytes
     * @param headerLength its length in bytes
     */
    Optional<ClusterCipher> cipher(Storage file, long headerOffset, long headerLength);
  }

  /** Writes reach the disk; no external data file and no key is at hand. */
  public static final Qcow2Access PLAIN =
      new Qcow2Access(
          true,
          false,
          name -> {
            throw new DiskException(
                DiskException.Kind.REFUSED,
                "data file '%s' is not allowed here; open the image as trusted".formatted(name));
          },
          (file, offset, length) -> Optional.empty());

  public Qcow2Access withSyncing(boolean sync) {
    return new Qcow2Access(sync, repairing, dataFile, unlock);
  }

  public Qcow2Access withRepairing(boolean repair) {
    return new Qcow2Access(syncing, repair, dataFile, unlock);
  }

  public Qcow2Access withDataFile(Function<String, Storage> opener) {
    return new Qcow2Access(syncing, repairing, opener, unlock);
  }

  public Qcow2Access withUnlock(Unlock opener) {
    return new Qcow2Access(syncing, repairing, dataFile, opener);
  }
}
