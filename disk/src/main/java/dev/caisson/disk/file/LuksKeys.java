/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.luks.LuksArea;
import dev.caisson.disk.luks.LuksContainer;
import dev.caisson.disk.luks.MasterKey;
import dev.caisson.disk.luks.SectorCipher;
import dev.caisson.disk.qcow2.Qcow2Access;
import dev.caisson.disk.qcow2.image.ClusterCipher;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/** Opens the LUKS header inside a qcow2 image with a password. */
final class LuksKeys {
  private LuksKeys() {}

  static Qcow2Access.Unlock with(Passphrases passphrases) {
    return (file, offset, length) -> {
      var container = LuksContainer.open(LuksArea.of(file, offset), file.name());
      return unlock(container, passphrases.of(file.name())).map(LuksKeys::cipher);
    };
  }

  /**
   * The cipher that the first fitting passphrase gives; empty without any passphrase.
   *
   * @throws DiskException SECRET if none fits
   */
  static Optional<SectorCipher> unlock(LuksContainer container, List<byte[]> passphrases) {
    return passphrases.isEmpty()
        ? Optional.empty()
        : Optional.of(opened(container, passphrases)).map(LuksKeys::cipherOf);
  }

  private static SectorCipher cipherOf(MasterKey key) {
    try (key) {
      return key.cipher();
    }
  }

  /**
   * The key that the first fitting passphrase gives.
   *
   * @throws DiskException SECRET if none fits
   */
  static MasterKey opened(LuksContainer container, List<byte[]> passphrases) {
    for (byte[] passphrase : passphrases.subList(0, passphrases.size() - 1)) {
      try {
        return container.unlock(passphrase);
      } catch (DiskException next) {
        if (next.kind() != DiskException.Kind.SECRET) {
          throw next;
        }
      }
    }
    return container.unlock(passphrases.getLast());
  }

  private static ClusterCipher cipher(SectorCipher sectors) {
    return new ClusterCipher() {
      @Override
      public void encrypt(long hostOffset, ByteBuffer data) {
        sectors.encrypt(hostOffset / SectorCipher.SECTOR, data);
        data.position(data.limit());
      }

      @Override
      public void decrypt(long hostOffset, ByteBuffer data) {
        sectors.decrypt(hostOffset / SectorCipher.SECTOR, data);
        data.position(data.limit());
      }
    };
  }
}
