/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import dev.caisson.disk.DiskException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A LUKS1 header together with its key slots: opened by passphrase, and changed slot by slot. It
 * does not touch the payload; {@link MasterKey#cipher} does that, sector by sector.
 */
public final class LuksContainer {
  private final LuksArea area;
  private final String subject;
  private LuksHeader header;

  private LuksContainer(LuksArea area, LuksHeader header, String subject) {
    this.area = area;
    this.header = header;
    this.subject = subject;
  }

  /** Reads the header in {@code area}; {@code subject} names the container in errors. */
  public static LuksContainer open(LuksArea area, String subject) {
    var bytes = ByteBuffer.allocate(LuksHeader.BYTES);
    area.read(0, bytes);
    return new LuksContainer(area, LuksHeader.parse(bytes.flip(), subject), subject);
  }

  /**
   * Writes a new header with a random master key, held by slot 0.
   *
   * @param area room for {@link #areaBytes} bytes; what it held is lost
   */
  public static LuksContainer create(
      LuksArea area, LuksOptions options, byte[] passphrase, String subject) {
    var random = new SecureRandom();
    var fresh = LuksHeader.fresh(options, Bytes.of(random(random, LuksHeader.DIGEST_SALT)));
    try (var master = new MasterKey(random(random, options.keyBytes()), options.cipher())) {
      var header = fresh.withDigest(Bytes.of(proof(fresh, master.bytes())));
      var container = new LuksContainer(area, header, subject);
      container.fill(0, master, passphrase, options.iterations());
      return container;
    }
  }

  /** Bytes that a new container needs before its payload. */
  public static long areaBytes(LuksOptions options) {
    return LuksHeader.fresh(options, Bytes.zeroes(LuksHeader.DIGEST_SALT)).payloadSector()
        * SectorCipher.SECTOR;
  }

  /** The header as it now is on disk. */
  public LuksHeader header() {
    return header;
  }

  /**
   * Tries the passphrase on every active slot.
   *
   * @throws DiskException SECRET if no slot takes it
   */
  public MasterKey unlock(byte[] passphrase) {
    for (int slot = 0; slot < LuksHeader.SLOTS; slot++) {
      var key =
          header.slots().get(slot).active()
              ? tryUnlock(slot, passphrase)
              : Optional.<MasterKey>empty();
      if (key.isPresent()) {
        return key.get();
      }
    }
    throw new DiskException(
        DiskException.Kind.SECRET,
        subject + ": no key slot takes this passphrase; check it and its encoding");
  }

  /** Tries the passphrase on one slot. */
  private Optional<MasterKey> tryUnlock(int number, byte[] passphrase) {
    var slot = header.slots().get(number);
    byte[] stretched =
        Pbkdf2.derive(
            header.hash(), passphrase, slot.salt().toArray(), slot.iterations(), header.keyBytes());
    var material = ByteBuffer.allocate(header.keyBytes() * KeySlot.STRIPES);
    area.read(slot.materialSector() * SectorCipher.SECTOR, material);
    header.cipher().cipher(stretched).decrypt(0, material.flip());
    byte[] key =
        AntiForensic.merge(header.hash(), material.array(), header.keyBytes(), KeySlot.STRIPES);
    Arrays.fill(stretched, (byte) 0);
    Arrays.fill(material.array(), (byte) 0);
    if (!MessageDigest.isEqual(proof(header, key), header.digest().toArray())) {
      Arrays.fill(key, (byte) 0);
      return Optional.empty();
    }
    return Optional.of(new MasterKey(key, header.cipher()));
  }

  /**
   * Lets one more passphrase open the container.
   *
   * @return the slot that now holds it
   * @throws DiskException CONFLICT if all {@value LuksHeader#SLOTS} slots are in use
   */
  public int addKey(MasterKey master, byte[] passphrase, long iterations) {
    for (int slot = 0; slot < LuksHeader.SLOTS; slot++) {
      if (!header.slots().get(slot).active()) {
        fill(slot, master, passphrase, iterations);
        return slot;
      }
    }
    throw new DiskException(
        DiskException.Kind.CONFLICT, subject + ": all 8 key slots are in use; remove one first");
  }

  /**
   * As {@link #addKey(MasterKey, byte[], long)}, in the slot of this number.
   *
   * @throws DiskException CONFLICT if it is in use, OUT_OF_RANGE if there is none
   */
  public void addKey(int slot, MasterKey master, byte[] passphrase, long iterations) {
    if (slot < 0 || slot >= LuksHeader.SLOTS) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE,
          subject + ": there is no key slot " + slot + "; have 0 to " + (LuksHeader.SLOTS - 1));
    }
    if (header.slots().get(slot).active()) {
      throw new DiskException(
          DiskException.Kind.CONFLICT,
          subject + ": key slot " + slot + " is in use; choose another, or remove its key first");
    }
    fill(slot, master, passphrase, iterations);
  }

  /** The slots that this passphrase opens. */
  public List<Integer> slotsOf(byte[] passphrase) {
    List<Integer> fitting = new ArrayList<>();
    for (int slot = 0; slot < LuksHeader.SLOTS; slot++) {
      if (header.slots().get(slot).active()) {
        int number = slot;
        tryUnlock(slot, passphrase)
            .ifPresent(key -> {
              key.close();
              fitting.add(number);
            });
      }
    }
    return List.copyOf(fitting);
  }

  /**
   * Closes one slot for good: its key material is overwritten before the header forgets it.
   *
   * @throws DiskException OUT_OF_RANGE if the slot is not active or is the last one that is:
   *     without it nothing could ever open the container
   */
  public void removeKey(int slot) {
    if (slot < 0 || slot >= LuksHeader.SLOTS || !header.slots().get(slot).active()) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE, subject + ": key slot " + slot + " is not in use");
    }
    if (header.slots().stream().filter(KeySlot::active).count() == 1) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE,
          subject + ": key slot " + slot + " is the last; add another key first");
    }
    var noise = random(new SecureRandom(), header.keyBytes() * KeySlot.STRIPES);
    area.write(
        header.slots().get(slot).materialSector() * SectorCipher.SECTOR, ByteBuffer.wrap(noise));
    save(header.withSlot(slot, header.slots().get(slot).disabled()));
  }

  private void fill(int number, MasterKey master, byte[] passphrase, long iterations) {
    var random = new SecureRandom();
    var slot =
        header.slots().get(number).enabled(iterations, Bytes.of(random(random, KeySlot.SALT)));
    byte[] stretched =
        Pbkdf2.derive(
            header.hash(), passphrase, slot.salt().toArray(), iterations, header.keyBytes());
    byte[] material = AntiForensic.split(header.hash(), master.bytes(), KeySlot.STRIPES, random);
    header.cipher().cipher(stretched).encrypt(0, ByteBuffer.wrap(material));
    Arrays.fill(stretched, (byte) 0);
    // Material first: a header that names a slot not yet written would promise a key that is not
    // there.
    area.write(slot.materialSector() * SectorCipher.SECTOR, ByteBuffer.wrap(material));
    save(header.withSlot(number, slot));
  }

  private void save(LuksHeader changed) {
    area.write(0, changed.encode());
    header = changed;
  }

  private static byte[] proof(LuksHeader header, byte[] key) {
    return Pbkdf2.derive(
        header.hash(),
        key,
        header.digestSalt().toArray(),
        header.digestIterations(),
        LuksHeader.DIGEST);
  }

  private static byte[] random(SecureRandom random, int bytes) {
    var fresh = new byte[bytes];
    random.nextBytes(fresh);
    return fresh;
  }
}
