/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.nbd.server;

import dev.caisson.disk.DirtyBitmap;
import dev.caisson.disk.DirtyBitmaps;
import dev.caisson.disk.Disk;
import dev.caisson.disk.Sparse;
import dev.caisson.disk.nbd.protocol.Flags;
import dev.caisson.disk.nbd.protocol.ReplyStyle;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * A disk offered under a name. The disk stays its owner's: a server flushes it at the end, and
 * never closes it.
 *
 * @param name what clients ask for; the empty name is the default export
 * @param description a line for people, may be empty
 * @param disk what is offered
 * @param writable whether clients may change it
 * @param bitmaps names of the disk's dirty bitmaps that clients may query
 */
public record NbdExport(
    String name, String description, Disk disk, boolean writable, List<String> bitmaps) {
  private static final int LONGEST = 4096;

  /**
   * Checks the texts and that the disk has what is promised.
   *
   * @throws IllegalArgumentException if a text is longer than 4096 bytes, the disk is read-only but
   *     {@code writable} is not, or a bitmap is not there
   */
  public NbdExport {
    checkText(name);
    checkText(description);
    if (writable && !disk.writable()) {
      throw new IllegalArgumentException(
          "export '" + name + "': the disk is open for reading only");
    }
    bitmaps = List.copyOf(bitmaps);
    for (String bitmap : bitmaps) {
      bitmap(disk, bitmap);
    }
  }

  /** The disk, writable if it is, under {@code name}. */
  public static NbdExport of(String name, Disk disk) {
    return new NbdExport(name, "", disk, disk.writable(), List.of());
  }

  /** The same, with a line for people. */
  public NbdExport describedAs(String text) {
    return new NbdExport(name, text, disk, writable, bitmaps);
  }

  /** The same, but clients cannot change it. */
  public NbdExport readOnly() {
    return new NbdExport(name, description, disk, false, bitmaps);
  }

  /** The same, with one more dirty bitmap to query, as {@code qemu:dirty-bitmap:NAME}. */
  public NbdExport withBitmap(String bitmap) {
    var more = new ArrayList<>(bitmaps);
    more.add(bitmap);
    return new NbdExport(name, description, disk, writable, more);
  }

  DirtyBitmap bitmap(String wanted) {
    return bitmap(disk, wanted);
  }

  int transmissionFlags(ReplyStyle style) {
    int flags =
        Flags.Transmission.HAS_FLAGS
            | Flags.Transmission.SEND_FLUSH
            | Flags.Transmission.SEND_FUA
            | Flags.Transmission.SEND_CACHE
            // All connections share the one disk, and its flush covers all of their writes.
            | Flags.Transmission.CAN_MULTI_CONN;
    if (style.chunked()) {
      flags |= Flags.Transmission.SEND_DF;
    }
    if (!writable) {
      return flags | Flags.Transmission.READ_ONLY;
    }
    flags |= Flags.Transmission.SEND_WRITE_ZEROES | Flags.Transmission.SEND_FAST_ZERO;
    return disk instanceof Sparse ? flags | Flags.Transmission.SEND_TRIM : flags;
  }

  private static DirtyBitmap bitmap(Disk disk, String name) {
    if (disk instanceof DirtyBitmaps keeper) {
      for (var bitmap : keeper.dirtyBitmaps()) {
        if (bitmap.name().equals(name)) {
          return bitmap;
        }
      }
    }
    throw new IllegalArgumentException("the disk has no dirty bitmap '" + name + "'");
  }

  private static void checkText(String text) {
    if (text.getBytes(StandardCharsets.UTF_8).length > LONGEST || text.indexOf('\0') >= 0) {
      throw new IllegalArgumentException("NBD texts have at most 4096 bytes, and no NUL");
    }
  }
}
