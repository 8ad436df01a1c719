/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.luks.KeySlot;
import dev.caisson.disk.luks.LuksHeader;
import dev.caisson.disk.luks.SectorCipher;
import java.util.Map;

/** What a LUKS header says, under qemu-img's names. */
final class EncryptionFacts {
  private EncryptionFacts() {}

  /** Of a disk that is a LUKS file. */
  static Map<String, Object> of(LuksHeader header) {
    return of(header, false);
  }

  /** Of an image that encrypts with LUKS, and could with something else. */
  static Map<String, Object> within(LuksHeader header) {
    return of(header, true);
  }

  private static Map<String, Object> of(LuksHeader header, boolean tellFormat) {
    var facts = DiskCommand.document("ivgen-alg", header.cipher().vectors());
    facts.put("hash-alg", header.hash().label());
    facts.put("cipher-alg", "aes-" + header.cipher().keyBits(header.keyBytes()));
    facts.put("uuid", header.uuid());
    header.cipher().ivHash().ifPresent(hash -> facts.put("ivgen-hash-alg", hash.label()));
    if (tellFormat) {
      facts.put("format", "luks");
    }
    facts.put("cipher-mode", header.cipher().chaining());
    facts.put("slots", header.slots().stream().map(EncryptionFacts::of).toList());
    facts.put("payload-offset", header.payloadSector() * SectorCipher.SECTOR);
    facts.put("master-key-iters", header.digestIterations());
    return facts;
  }

  private static Map<String, Object> of(KeySlot slot) {
    var fields = DiskCommand.document("active", slot.active());
    if (slot.active()) {
      fields.put("iters", slot.iterations());
    }
    fields.put("key-offset", slot.materialSector() * SectorCipher.SECTOR);
    if (slot.active()) {
      fields.put("stripes", slot.stripes());
    }
    return fields;
  }
}
