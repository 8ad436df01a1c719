/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.image;

import static dev.caisson.disk.DiskException.corrupt;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.qcow2.format.Features;
import dev.caisson.disk.qcow2.format.HeaderExtension;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** The list of persistent dirty bitmaps, as the file gives it. */
public record BitmapDirectory(List<Entry> entries, long offset, long bytes) {
  private static final int FIXED = 24;
  private static final long MAX_DIRECTORY = 1 << 20;
  private static final int MAX_BITMAPS = 65_535;
  private static final long MAX_TABLE_BYTES = 8 << 20;

  public static final int IN_USE = 1;
  public static final int AUTO = 2;

  /**
   * One bitmap.
   *
   * @param at where this entry stands in the file, so that its flags can be changed in place
   */
  public record Entry(
      long at, long tableOffset, int tableSize, int flags, int granularityBits, String name) {

    public long flagsAt() {
      return at + 12;
    }

    public boolean is(int flag) {
      return (flags & flag) != 0;
    }

    int encodedLength() {
      return Math.ceilDiv(FIXED + name.getBytes(UTF_8).length, 8) * 8;
    }

    public Entry withTable(long offset, int size) {
      return new Entry(at, offset, size, flags, granularityBits, name);
    }
  }

  /** The directory, empty when there is none or when the image says that it is stale. */
  public static BitmapDirectory read(Image image) {
    var extension = image.first().extension(HeaderExtension.BITMAPS);
    boolean valid = (image.header().autoclear() & Features.BITMAPS) != 0;
    if (extension.isEmpty() || !valid) {
      return new BitmapDirectory(List.of(), 0, 0);
    }
    var fields = ByteBuffer.wrap(extension.get());
    String file = image.name();
    if (fields.capacity() < 24) {
      throw corrupt(file, "bitmap extension of %d bytes".formatted(fields.capacity()));
    }
    int count = fields.getInt(0);
    long size = fields.getLong(8);
    long offset = fields.getLong(16);
    boolean sane =
        count > 0
            && count <= MAX_BITMAPS
            && size >= (long) count * FIXED
            && size <= MAX_DIRECTORY
            && offset > 0
            && image.geometry().aligned(offset)
            && offset <= image.file().size() - size;
    if (!sane) {
      throw corrupt(file, "bitmap directory of %d bytes at 0x%x".formatted(size, offset));
    }
    var bytes = ByteBuffer.allocate((int) size);
    image.file().read(offset, bytes);
    return new BitmapDirectory(entries(image, count, offset, bytes.flip()), offset, size);
  }

  private static List<Entry> entries(Image image, int count, long offset, ByteBuffer bytes) {
    List<Entry> found = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int start = bytes.position();
      if (bytes.remaining() < FIXED) {
        throw corrupt(image.name(), "bitmap directory ends in entry " + i);
      }
      long table = bytes.getLong();
      int tableSize = bytes.getInt();
      int flags = bytes.getInt();
      int type = bytes.get();
      int granularity = bytes.get() & 0xff;
      int nameLength = bytes.getShort() & 0xffff;
      int extra = bytes.getInt();
      boolean sane =
          type == 1
              && granularity >= 9
              && granularity <= 31
              && nameLength > 0
              && nameLength <= 1023
              && extra >= 0
              && extra <= bytes.remaining() - nameLength
              && tableSize >= 0
              && tableSize * 8L <= MAX_TABLE_BYTES
              && image.geometry().aligned(table)
              && table >= 0
              && table <= image.file().size() - tableSize * 8L;
      if (!sane) {
        throw corrupt(image.name(), "bitmap %d is not valid".formatted(i));
      }
      var name = new byte[nameLength];
      bytes.position(bytes.position() + extra).get(name);
      bytes.position(Math.min(bytes.limit(), Math.ceilDiv(bytes.position(), 8) * 8));
      found.add(
          new Entry(offset + start, table, tableSize, flags, granularity, new String(name, UTF_8)));
    }
    return List.copyOf(found);
  }

  /**
   * The list as the file holds it.
   *
   * @throws dev.caisson.disk.DiskException OUT_OF_RANGE if it is too long
   */
  public static ByteBuffer encode(String file, List<Entry> entries) {
    int length = entries.stream().mapToInt(Entry::encodedLength).sum();
    if (length > MAX_DIRECTORY || entries.size() > MAX_BITMAPS) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE,
          "%s: its list of bitmaps would take %d bytes; remove some".formatted(file, length));
    }
    var bytes = ByteBuffer.allocate(length);
    for (var entry : entries) {
      int end = bytes.position() + entry.encodedLength();
      byte[] name = entry.name().getBytes(UTF_8);
      bytes.putLong(entry.tableOffset).putInt(entry.tableSize).putInt(entry.flags);
      bytes.put((byte) 1).put((byte) entry.granularityBits).putShort((short) name.length);
      bytes.putInt(0).put(name).position(end);
    }
    return bytes.flip();
  }
}
