/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.layer;

import dev.caisson.image.layer.Entry;
import dev.caisson.linux.file.OpenFile;
import java.io.InputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Iterator;
import java.util.List;

/** The data of an open file without its holes; what lies past the end of a file cut short is 0. */
final class ExtentStream extends InputStream {
  private static final int BUFFER = 128 << 10;

  private final OpenFile file;
  private final Iterator<Entry.Extent> extents;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment buffer = arena.allocate(BUFFER);
  private long position;
  private long left;

  ExtentStream(OpenFile file, Entry.File entry) {
    this.file = file;
    this.extents =
        (entry.sparse() ? entry.extents() : List.of(new Entry.Extent(0, entry.size()))).iterator();
  }

  @Override
  public int read() {
    var one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] bytes, int offset, int length) {
    while (left == 0) {
      if (!extents.hasNext()) {
        return -1;
      }
      var extent = extents.next();
      position = extent.offset();
      left = extent.length();
    }
    int wanted = (int) Math.min(Math.min(length, BUFFER), left);
    var target = buffer.asSlice(0, wanted);
    long n = file.readFully(target, position);
    target.asSlice(n).fill((byte) 0);
    MemorySegment.copy(buffer, ValueLayout.JAVA_BYTE, 0, bytes, offset, wanted);
    position += wanted;
    left -= wanted;
    return wanted;
  }

  @Override
  public void close() {
    arena.close();
  }
}
