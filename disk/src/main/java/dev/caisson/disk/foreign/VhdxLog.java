/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.foreign;

import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/**
 * The log of a VHDX that was not closed: metadata that was promised but may not be in its place. It
 * is applied in memory, and the file stays as it is. [MS-VHDX] 2.3
 */
final class VhdxLog {
  private static final int SECTOR = 4 << 10;
  private static final int ENTRY = 0x6567_6f6c; // "loge"
  private static final int ZERO = 0x6f72_657a; // "zero"
  private static final int DESCRIPTOR = 0x6373_6564; // "desc"
  private static final int DATA = 0x6174_6164; // "data"
  private static final int HEADER = 64;

  /** Every tool writes 1 MiB; a hostile log could cost the square of its size to search. */
  private static final int LARGEST = 4 << 20;

  private final Storage storage;
  private final Place place;
  private final ByteBuffer bytes;
  private final Map<Integer, Optional<Entry>> entries = new HashMap<>();

  /** Which log, and where it is. */
  record Place(UUID id, long offset, int length) {}

  /** One entry, whose checksum is right. */
  private record Entry(int at, int length, int tail, long sequence, ByteBuffer body) {}

  private VhdxLog(Storage storage, Place place) {
    this.storage = storage;
    this.place = place;
    this.bytes =
        MetadataPages.read(storage, place.offset(), place.length(), ByteOrder.LITTLE_ENDIAN);
  }

  /** The file as it would be with the log applied. */
  static Storage applied(Storage storage, Place place) {
    if (place.length() < SECTOR
        || place.length() > LARGEST
        || place.length() % SECTOR != 0
        || place.offset() < 1 << 20) {
      throw ForeignDisk.unsupported(
          storage, DiskFormat.VHDX, "a log of " + place.length() + " bytes at " + place.offset());
    }
    var log = new VhdxLog(storage, place);
    var patches = new ArrayList<PatchedStorage.Patch>();
    for (var entry : log.active()) {
      log.patches(entry, patches);
    }
    return new PatchedStorage(storage, patches);
  }

  /** The newest run of entries that goes back to where its last entry says it begins. */
  private List<Entry> active() {
    List<Entry> best = List.of();
    for (int at = 0; at < place.length(); at += SECTOR) {
      var run = runFrom(at);
      if (!run.isEmpty()
          && run.getLast().tail() == at
          && (best.isEmpty() || run.getLast().sequence() > best.getLast().sequence())) {
        best = run;
      }
    }
    if (best.isEmpty()) {
      throw ForeignDisk.corrupt(storage, DiskFormat.VHDX, "the log has no complete entries");
    }
    return best;
  }

  private List<Entry> runFrom(int start) {
    var run = new ArrayList<Entry>();
    var next = entry(start);
    int total = 0;
    while (next.isPresent()
        && (run.isEmpty() || next.get().sequence() == run.getLast().sequence() + 1)) {
      total += next.get().length();
      if (total > place.length()) {
        break;
      }
      run.add(next.get());
      next = entry((next.get().at() + next.get().length()) % place.length());
    }
    return run;
  }

  private Optional<Entry> entry(int at) {
    return entries.computeIfAbsent(at, this::parse);
  }

  private Optional<Entry> parse(int at) {
    int length = bytes.getInt(at + 8);
    if (bytes.getInt(at) != ENTRY
        || length < SECTOR
        || length > place.length()
        || length % SECTOR != 0
        || !VhdxGuid.read(bytes, at + 32).equals(place.id())) {
      return Optional.empty();
    }
    var body = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
    int first = Math.min(length, place.length() - at);
    body.put(0, bytes, at, first); // A log is a ring: an entry may go on at its start.
    body.put(first, bytes, 0, length - first);
    if (body.getInt(4) != VhdxHeader.checksum(body)) {
      return Optional.empty();
    }
    return Optional.of(new Entry(at, length, body.getInt(12), body.getLong(16), body));
  }

  private void patches(Entry entry, List<PatchedStorage.Patch> into) {
    var body = entry.body();
    if (body.getLong(48) > storage.size()) {
      throw ForeignDisk.corrupt(
          storage, DiskFormat.VHDX, "the file was cut off after its log was written");
    }
    long count = Integer.toUnsignedLong(body.getInt(24));
    long descriptors = (HEADER + count * 32 + SECTOR - 1) / SECTOR;
    if (descriptors * SECTOR > entry.length()) {
      throw ForeignDisk.corrupt(storage, DiskFormat.VHDX, "a log entry with too many descriptors");
    }
    int data = (int) descriptors * SECTOR;
    for (int i = 0; i < count; i++) {
      int at = HEADER + i * 32;
      long offset = body.getLong(at + 16);
      if (body.getInt(at) == ZERO) {
        into.add(PatchedStorage.Patch.zero(offset, body.getLong(at + 8)));
      } else if (body.getInt(at) == DESCRIPTOR && data + SECTOR <= entry.length()) {
        into.add(new PatchedStorage.Patch(offset, SECTOR, Optional.of(sector(body, at, data))));
        data += SECTOR;
      } else {
        throw ForeignDisk.corrupt(
            storage, DiskFormat.VHDX, "a log entry with an unknown descriptor");
      }
    }
  }

  /** A sector of data lends its first eight and last four bytes to signature and sequence. */
  private ByteBuffer sector(ByteBuffer body, int descriptor, int data) {
    if (body.getInt(data) != DATA) {
      throw ForeignDisk.corrupt(storage, DiskFormat.VHDX, "a log entry without its data");
    }
    var sector = ByteBuffer.allocate(SECTOR).order(ByteOrder.LITTLE_ENDIAN);
    sector.putLong(0, body.getLong(descriptor + 8));
    sector.put(8, body, data + 8, SECTOR - 12);
    return sector.putInt(SECTOR - 4, body.getInt(descriptor + 4));
  }
}
