/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.file;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.caisson.disk.luks.LuksArea;
import dev.caisson.disk.luks.LuksContainer;
import dev.caisson.disk.luks.SectorCipher;
import dev.caisson.disk.qcow2.ClusterCipher;
import dev.caisson.disk.qcow2.Qcow2Access;
import java.nio.ByteBuffer;
import java.util.Optional;

/** Opens the LUKS header inside a qcow2 image with a password. */
final class LuksKeys {
  private LuksKeys() {}

  static Qcow2Access.Unlock with(String password) {
    return (file, offset, length) -> {
      var container = LuksContainer.open(LuksArea.of(file, offset), file.name());
      try (var key = container.unlock(password.getBytes(UTF_8))) {
        return Optional.of(cipher(key.cipher()));
      }
    };
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
