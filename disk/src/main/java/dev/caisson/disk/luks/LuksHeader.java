/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.luks;

import dev.caisson.disk.DiskException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * The first {@value #BYTES} bytes of a container, already proven sane.
 *
 * @param cipher how sectors are encrypted, with the payload and with key material alike
 * @param hash the hash of PBKDF2 and of the stripes
 * @param payloadSector where a raw container's data starts, in sectors; 0 if the header is detached
 * @param keyBytes size of the master key
 * @param digest proof of the right master key, {@value #DIGEST} bytes
 * @param digestSalt salt of that proof
 * @param digestIterations PBKDF2 rounds of that proof
 * @param uuid the container's name, as text
 * @param slots always {@value #SLOTS}
 */
public record LuksHeader(
    CipherSpec cipher,
    LuksHash hash,
    long payloadSector,
    int keyBytes,
    Bytes digest,
    Bytes digestSalt,
    long digestIterations,
    String uuid,
    List<KeySlot> slots) {

  /** Size of the header on disk. */
  public static final int BYTES = 592;

  /** Key slots in a container. */
  public static final int SLOTS = 8;

  static final int DIGEST = 20;
  static final int DIGEST_SALT = 32;

  /**
   * Rounds past this are refused: at a few million a second a hostile count would hold a thread for
   * hours, and no tool writes such a count by itself.
   */
  static final long MOST_ITERATIONS = 200_000_000;

  private static final long MAGIC = 0x4c55_4b53_babeL; // "LUKS" 0xba 0xbe
  private static final int NAME = 32;
  private static final int UUID_BYTES = 40;
  private static final long ALIGNMENT = 8; // 4 KiB: QEMU and cryptsetup keep slots on it.

  /**
   * Reads a header.
   *
   * @param bytes at least {@value #BYTES} remaining bytes
   * @param subject what to call the container in errors
   * @throws DiskException CORRUPT if a field is absurd, UNSUPPORTED if it asks for LUKS 2, another
   *     cipher or another hash
   */
  public static LuksHeader parse(ByteBuffer bytes, String subject) {
    if (bytes.remaining() < BYTES) {
      throw corrupt(subject, "the header is cut off after " + bytes.remaining() + " bytes");
    }
    var from = bytes.slice().order(java.nio.ByteOrder.BIG_ENDIAN);
    if (from.getLong(0) >>> 16 != MAGIC) {
      throw corrupt(subject, "no LUKS magic at the start");
    }
    int version = from.getShort(6);
    if (version != 1) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          subject + ": LUKS version " + version + "; only version 1 is known");
    }
    from.position(8);
    String name = text(from, NAME, "cipher name", subject);
    String mode = text(from, NAME, "cipher mode", subject);
    String hash = text(from, NAME, "hash", subject);
    long payload = Integer.toUnsignedLong(from.getInt());
    int keyBytes = from.getInt();
    var digest = Bytes.from(from, DIGEST);
    var salt = Bytes.from(from, DIGEST_SALT);
    long iterations = Integer.toUnsignedLong(from.getInt());
    String uuid = text(from, UUID_BYTES, "uuid", subject);
    var slots = new ArrayList<KeySlot>(SLOTS);
    for (int i = 0; i < SLOTS; i++) {
      slots.add(KeySlot.parse(from, i, subject));
    }
    var header =
        new LuksHeader(
            CipherSpec.parse(name, mode, subject),
            LuksHash.named(hash, subject),
            payload,
            keyBytes,
            digest,
            salt,
            iterations,
            uuid,
            List.copyOf(slots));
    header.check(subject);
    return header;
  }

  static LuksHeader fresh(LuksOptions options, Bytes digestSalt) {
    long slotSectors =
        (KeySlot.materialSectors(options.keyBytes()) + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    var slots = new ArrayList<KeySlot>(SLOTS);
    for (int i = 0; i < SLOTS; i++) {
      slots.add(
          new KeySlot(
              false, 0, Bytes.zeroes(KeySlot.SALT), ALIGNMENT + i * slotSectors, KeySlot.STRIPES));
    }
    return new LuksHeader(
        options.cipher(),
        options.hash(),
        ALIGNMENT + SLOTS * slotSectors,
        options.keyBytes(),
        Bytes.zeroes(DIGEST),
        digestSalt,
        Math.max(1000, options.iterations() / 8),
        UUID.randomUUID().toString(),
        List.copyOf(slots));
  }

  /** Bytes from the header's start to the end of the last slot's key material. */
  public long areaBytes() {
    long sectors =
        slots.stream().mapToLong(KeySlot::materialSector).max().orElse(0)
            + KeySlot.materialSectors(keyBytes);
    return sectors * SectorCipher.SECTOR;
  }

  LuksHeader withDigest(Bytes proof) {
    return new LuksHeader(
        cipher, hash, payloadSector, keyBytes, proof, digestSalt, digestIterations, uuid, slots);
  }

  LuksHeader withSlot(int number, KeySlot slot) {
    var changed = new ArrayList<>(slots);
    changed.set(number, slot);
    return new LuksHeader(
        cipher,
        hash,
        payloadSector,
        keyBytes,
        digest,
        digestSalt,
        digestIterations,
        uuid,
        List.copyOf(changed));
  }

  /** The header as the format stores it. */
  ByteBuffer encode() {
    var to = ByteBuffer.allocate(BYTES);
    to.putLong(0, MAGIC << 16 | 1).position(8);
    put(to, "aes", NAME);
    put(to, cipher.label(), NAME);
    put(to, hash.label(), NAME);
    to.putInt((int) payloadSector).putInt(keyBytes).put(digest.toArray()).put(digestSalt.toArray());
    to.putInt((int) digestIterations);
    put(to, uuid, UUID_BYTES);
    slots.forEach(slot -> slot.write(to));
    return to.flip();
  }

  private void check(String subject) {
    if (!cipher.accepts(keyBytes)) {
      throw corrupt(subject, "a key of " + keyBytes + " bytes does not fit " + cipher.label());
    }
    checkIterations(digestIterations, "the master key's digest", subject);
    long size = KeySlot.materialSectors(keyBytes);
    for (int i = 0; i < SLOTS; i++) {
      var slot = slots.get(i);
      String which = "key slot " + i;
      if (slot.stripes() != KeySlot.STRIPES) {
        throw corrupt(
            subject, which + " has " + slot.stripes() + " stripes, not " + KeySlot.STRIPES);
      }
      if (slot.active()) {
        checkIterations(slot.iterations(), which, subject);
      }
      if (slot.materialSector() * SectorCipher.SECTOR < BYTES) {
        throw corrupt(subject, which + " lies over the header");
      }
      if (payloadSector != 0 && slot.materialSector() + size > payloadSector) {
        throw corrupt(subject, which + " lies over the payload");
      }
      for (int j = 0; j < i; j++) {
        if (Math.abs(slots.get(j).materialSector() - slot.materialSector()) < size) {
          throw corrupt(subject, which + " lies over key slot " + j);
        }
      }
    }
  }

  private static void checkIterations(long iterations, String which, String subject) {
    if (iterations == 0 || iterations > MOST_ITERATIONS) {
      throw corrupt(
          subject,
          which + " asks for " + iterations + " rounds; 1 to " + MOST_ITERATIONS + " are allowed");
    }
  }

  static DiskException corrupt(String subject, String reason) {
    return DiskException.corrupt(subject, "LUKS: " + reason);
  }

  private static String text(ByteBuffer from, int size, String what, String subject) {
    var raw = new byte[size];
    from.get(raw);
    int end = 0;
    while (end < size && raw[end] != 0) {
      end++;
    }
    if (end == size) {
      throw corrupt(subject, "the " + what + " has no end");
    }
    return new String(raw, 0, end, StandardCharsets.ISO_8859_1);
  }

  private static void put(ByteBuffer to, String text, int size) {
    to.put(text.getBytes(StandardCharsets.ISO_8859_1));
    to.put(new byte[size - text.length()]);
  }
}
