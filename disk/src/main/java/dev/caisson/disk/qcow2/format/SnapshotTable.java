/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.format;

import static dev.caisson.disk.DiskException.corrupt;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.caisson.disk.Snapshot;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalLong;

/**
 * The table of internal snapshots.
 *
 * @param bytes length of the table in the file
 */
public record SnapshotTable(List<Entry> entries, long bytes) {
  private static final int FIXED = 40;
  private static final int MAX_EXTRA = 1024;
  private static final int MAX_TABLE = 16 << 20;

  /** One snapshot as the file describes it; {@code extra} is kept byte for byte. */
  @SuppressWarnings("ArrayRecordComponent") // never compared, never handed out
  public record Entry(
      long l1Offset,
      int l1Size,
      byte[] idBytes,
      byte[] nameBytes,
      int seconds,
      int nanoseconds,
      long guestNanoseconds,
      int shortStateSize,
      byte[] extra) {

    public String id() {
      return new String(idBytes, UTF_8);
    }

    public String name() {
      return new String(nameBytes, UTF_8);
    }

    /** Machine state and disk size stand in the extra data since version 3. */
    public long stateSize() {
      return extra.length >= 8 ? ByteBuffer.wrap(extra).getLong(0) : shortStateSize & 0xffff_ffffL;
    }

    public long diskSize(long sizeOfImage) {
      return extra.length >= 16 ? ByteBuffer.wrap(extra).getLong(8) : sizeOfImage;
    }

    private OptionalLong instructionCount() {
      long count = extra.length >= 24 ? ByteBuffer.wrap(extra).getLong(16) : -1;
      return count == -1 ? OptionalLong.empty() : OptionalLong.of(count);
    }

    Entry at(long offset) {
      return with(offset, extra);
    }

    private Entry with(long newOffset, byte[] newExtra) {
      return new Entry(
          newOffset,
          l1Size,
          idBytes,
          nameBytes,
          seconds,
          nanoseconds,
          guestNanoseconds,
          shortStateSize,
          newExtra);
    }

    public Entry widened(long sizeOfImage) {
      var wide = Arrays.copyOf(extra, Math.max(16, extra.length));
      ByteBuffer.wrap(wide).putLong(0, stateSize()).putLong(8, diskSize(sizeOfImage));
      return with(l1Offset, wide);
    }

    public Snapshot describe(long sizeOfImage) {
      return new Snapshot(
          id(),
          name(),
          Instant.ofEpochSecond(seconds & 0xffff_ffffL, nanoseconds & 0xffff_ffffL),
          Duration.ofNanos(guestNanoseconds),
          diskSize(sizeOfImage),
          stateSize(),
          instructionCount());
    }

    int encodedLength() {
      int exact = FIXED + extra.length + idBytes.length + nameBytes.length;
      return Math.ceilDiv(exact, 8) * 8;
    }
  }

  public static SnapshotTable read(Storage storage, Header header) {
    List<Entry> entries = new ArrayList<>();
    long at = header.snapshotsOffset();
    for (int i = 0; i < header.snapshotCount(); i++) {
      var entry = readEntry(storage, header, i, at);
      entries.add(entry);
      at += entry.encodedLength();
      if (at - header.snapshotsOffset() > MAX_TABLE) {
        throw corrupt(storage.name(), "snapshot table is larger than 16 MiB");
      }
    }
    return new SnapshotTable(List.copyOf(entries), at - header.snapshotsOffset());
  }

  private static Entry readEntry(Storage storage, Header header, int number, long at) {
    var fixed = ByteBuffer.allocate(FIXED);
    storage.read(at, fixed);
    int idLength = fixed.getShort(12) & 0xffff;
    int nameLength = fixed.getShort(14) & 0xffff;
    int extraLength = fixed.getInt(36);
    if (extraLength < 0 || extraLength > MAX_EXTRA) {
      throw corrupt(
          storage.name(), "snapshot %d has %d extra bytes".formatted(number, extraLength));
    }
    long l1Offset = fixed.getLong(0);
    int l1Size = fixed.getInt(8);
    boolean badL1 =
        l1Size < 0
            || l1Size * 8L > Header.MAX_L1_BYTES
            || (l1Offset & (header.clusterSize() - 1)) != 0
            || l1Offset < 0
            || l1Offset > storage.size() - l1Size * 8L;
    if (badL1) {
      throw corrupt(
          storage.name(),
          "snapshot %d has an L1 table of %d at 0x%x".formatted(number, l1Size, l1Offset));
    }
    var rest = ByteBuffer.allocate(extraLength + idLength + nameLength);
    storage.read(at + FIXED, rest);
    var extra = new byte[extraLength];
    rest.flip().get(extra);
    return new Entry(
        l1Offset,
        l1Size,
        bytes(rest, idLength),
        bytes(rest, nameLength),
        fixed.getInt(16),
        fixed.getInt(20),
        fixed.getLong(24),
        fixed.getInt(32),
        extra);
  }

  private static byte[] bytes(ByteBuffer source, int length) {
    var bytes = new byte[length];
    source.get(bytes);
    return bytes;
  }

  public static ByteBuffer encode(List<Entry> entries) {
    int length = entries.stream().mapToInt(Entry::encodedLength).sum();
    var bytes = ByteBuffer.allocate(length);
    for (var entry : entries) {
      int end = bytes.position() + entry.encodedLength();
      bytes.putLong(entry.l1Offset).putInt(entry.l1Size);
      bytes.putShort((short) entry.idBytes.length).putShort((short) entry.nameBytes.length);
      bytes.putInt(entry.seconds).putInt(entry.nanoseconds).putLong(entry.guestNanoseconds);
      bytes.putInt(entry.shortStateSize).putInt(entry.extra.length);
      bytes.put(entry.extra).put(entry.idBytes).put(entry.nameBytes);
      bytes.position(end);
    }
    return bytes.flip();
  }
}
