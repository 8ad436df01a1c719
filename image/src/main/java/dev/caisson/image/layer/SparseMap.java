/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where the data of a sparse member lies, in the four ways GNU tar has written it. tar(1), Sparse
 * Formats
 *
 * @param size of the file with its holes
 * @param headerBytes of the member's data that were the map itself
 */
record SparseMap(long size, List<Entry.Extent> extents, long headerBytes) {
  private static final int MAX_EXTENTS = 1 << 20;
  private static final int OLD_ENTRY = 24;

  /** The map of a pax member, if it is sparse; reads it from the data in format 1.0. */
  static Optional<SparseMap> pax(PaxRecords pax, TarInput in, long dataSize) throws IOException {
    if (pax.number("GNU.sparse.major").orElse(0L) == 1) {
      return Optional.of(inData(pax, in, dataSize));
    }
    var size = pax.number("GNU.sparse.realsize").or(() -> pax.number("GNU.sparse.size"));
    var map = pax.text("GNU.sparse.map");
    if (map.isPresent()) {
      var numbers = new ArrayList<Long>();
      for (var number : map.get().split(",")) {
        numbers.add(PaxRecords.decimal("GNU.sparse.map", number));
      }
      return Optional.of(of(size.orElse(0L), numbers, 0, dataSize));
    }
    return pax.sparseNumbers().isEmpty()
        ? Optional.empty()
        : Optional.of(of(size.orElse(0L), pax.sparseNumbers(), 0, dataSize));
  }

  private static SparseMap inData(PaxRecords pax, TarInput in, long dataSize) throws IOException {
    var lines = new Lines(in, dataSize);
    long count = lines.next();
    if (count > MAX_EXTENTS) {
      throw malformed();
    }
    var numbers = new ArrayList<Long>();
    for (long i = 0; i < count * 2; i++) {
      numbers.add(lines.next());
    }
    return of(pax.number("GNU.sparse.realsize").orElse(0L), numbers, lines.consumed, dataSize);
  }

  /** The map of an old GNU member: four entries in its header, more in the blocks after it. */
  static SparseMap old(byte[] header, TarInput in, long dataSize) throws IOException {
    var numbers = new ArrayList<Long>();
    collect(header, 386, 4, numbers);
    boolean more = header[482] != 0;
    var block = new byte[TarInput.BLOCK];
    while (more) {
      if (!in.readBlock(block) || numbers.size() > 2 * MAX_EXTENTS) {
        throw malformed();
      }
      collect(block, 0, 21, numbers);
      more = block[504] != 0;
    }
    return of(TarNumber.parse(header, 483, 12), numbers, 0, dataSize);
  }

  private static void collect(byte[] block, int offset, int count, List<Long> numbers) {
    for (int i = 0; i < count && block[offset + i * OLD_ENTRY] != 0; i++) {
      numbers.add(TarNumber.parse(block, offset + i * OLD_ENTRY, 12));
      numbers.add(TarNumber.parse(block, offset + i * OLD_ENTRY + 12, 12));
    }
  }

  private static SparseMap of(long size, List<Long> numbers, long headerBytes, long dataSize) {
    if (numbers.size() % 2 != 0 || numbers.size() > 2 * MAX_EXTENTS) {
      throw malformed();
    }
    var extents = new ArrayList<Entry.Extent>(numbers.size() / 2);
    long end = 0;
    long data = 0;
    for (int i = 0; i < numbers.size(); i += 2) {
      long offset = numbers.get(i);
      long length = numbers.get(i + 1);
      if (offset < end || length < 0 || length > size - offset) {
        throw malformed();
      }
      end = offset + length;
      data += length;
      if (length > 0) {
        extents.add(new Entry.Extent(offset, length));
      }
    }
    if (data != dataSize - headerBytes) {
      throw malformed();
    }
    if (extents.isEmpty()) {
      extents.add(new Entry.Extent(size, 0)); // one hole, which still counts as sparse
    }
    return new SparseMap(size, extents, headerBytes);
  }

  private static ImageException malformed() {
    return new ImageException(Kind.INVALID, "the layer has a malformed sparse file");
  }

  /** Decimal numbers, one a line, padded to whole blocks. */
  private static final class Lines {
    private final TarInput in;
    private final long limit;
    private byte[] block = new byte[0];
    private int position;
    private long consumed;

    Lines(TarInput in, long limit) {
      this.in = in;
      this.limit = limit;
    }

    long next() throws IOException {
      var digits = new StringBuilder();
      for (int b = read(); b != '\n'; b = read()) {
        digits.append((char) b);
        if (digits.length() > 20) {
          throw malformed();
        }
      }
      return PaxRecords.decimal("sparse map", digits.toString());
    }

    private int read() throws IOException {
      if (position == block.length) {
        if (consumed + TarInput.BLOCK > limit) {
          throw malformed();
        }
        block = in.readExactly(TarInput.BLOCK);
        consumed += TarInput.BLOCK;
        position = 0;
      }
      return block[position++] & 0xff;
    }
  }
}
