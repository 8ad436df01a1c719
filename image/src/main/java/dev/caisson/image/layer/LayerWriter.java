/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Writes entries as an uncompressed layer archive: ustar, with pax headers only where something
 * does not fit. The same entries give the same bytes, so the same digest.
 */
public final class LayerWriter implements AutoCloseable {
  private static final int BUFFER = 1 << 17;
  private static final byte[] ZEROS = new byte[TarInput.BLOCK];
  private static final int[] NO_DEVICE = {0, 0};

  private final OutputStream out;

  public LayerWriter(OutputStream out) {
    this.out = out;
  }

  /** Adds an entry without data; for a file with data use {@link #add(Entry.File, InputStream)}. */
  public void add(Entry entry) throws IOException {
    switch (entry) {
      case Entry.Directory e -> header('5', e.path() + "/", "", e.attributes(), 0, NO_DEVICE);
      case Entry.File e -> add(e, InputStream.nullInputStream());
      case Entry.SymbolicLink e -> header('2', e.path(), e.target(), e.attributes(), 0, NO_DEVICE);
      case Entry.HardLink e -> header('1', e.path(), e.target(), e.attributes(), 0, NO_DEVICE);
      case Entry.Device e ->
          header(
              e.block() ? '4' : '3',
              e.path(),
              "",
              e.attributes(),
              0,
              new int[] {e.major(), e.minor()});
      case Entry.Pipe e -> header('6', e.path(), "", e.attributes(), 0, NO_DEVICE);
      case Entry.Whiteout e -> marker(e.path());
      case Entry.Opaque e -> marker(LayerPath.child(e.path(), ".wh..opq"));
    }
  }

  private void marker(String path) throws IOException {
    var marker = LayerPath.child(LayerPath.parent(path), ".wh." + LayerPath.name(path));
    header('0', marker, "", Attributes.of(0), 0, NO_DEVICE);
  }

  /**
   * Adds a file.
   *
   * @param data exactly {@link Entry.File#dataSize} bytes
   */
  public void add(Entry.File file, InputStream data) throws IOException {
    if (file.sparse()) {
      addSparse(file, data);
      return;
    }
    header('0', file.path(), "", file.attributes(), file.size(), NO_DEVICE);
    copy(data, file.size());
    pad(file.size());
  }

  // GNU's sparse format 1.0, which GNU tar, libarchive and Go read. tar(1), Sparse Formats
  private void addSparse(Entry.File file, InputStream data) throws IOException {
    var map = new StringBuilder().append(file.extents().size()).append('\n');
    for (var extent : file.extents()) {
      map.append(extent.offset()).append('\n').append(extent.length()).append('\n');
    }
    var mapBytes = map.toString().getBytes(StandardCharsets.US_ASCII);
    int mapBlocks = mapBytes.length + (-mapBytes.length & (TarInput.BLOCK - 1));
    var records = new LinkedHashMap<String, byte[]>();
    records.put("GNU.sparse.major", bytes("1"));
    records.put("GNU.sparse.minor", bytes("0"));
    records.put("GNU.sparse.name", bytes(file.path()));
    records.put("GNU.sparse.realsize", bytes(Long.toString(file.size())));
    long stored = mapBlocks + file.dataSize();
    var name = LayerPath.child(LayerPath.parent(file.path()), "GNUSparseFile.0");
    write(new TarBlock('0', name, "", file.attributes(), stored, 0, 0), records);
    out.write(mapBytes);
    pad(mapBytes.length);
    copy(data, file.dataSize());
    pad(file.dataSize());
  }

  private void header(
      int type, String path, String link, Attributes attributes, long size, int[] device)
      throws IOException {
    write(
        new TarBlock(type, path, link, attributes, size, device[0], device[1]),
        new LinkedHashMap<>());
  }

  private void write(TarBlock block, Map<String, byte[]> records) throws IOException {
    block.addRecords(records);
    if (!records.isEmpty()) {
      var pax = PaxWriter.encode(records);
      out.write(TarBlock.paxHeader(pax.length).encode());
      out.write(pax);
      pad(pax.length);
    }
    out.write(block.encode());
  }

  private void copy(InputStream data, long size) throws IOException {
    var buffer = new byte[Math.clamp(size, 1, BUFFER)];
    long left = size;
    while (left > 0) {
      int n = data.read(buffer, 0, (int) Math.min(buffer.length, left));
      if (n < 0) {
        throw new IOException("a file became shorter while it was archived");
      }
      out.write(buffer, 0, n);
      left -= n;
    }
  }

  private void pad(long written) throws IOException {
    out.write(ZEROS, 0, (int) (-written & (TarInput.BLOCK - 1)));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Ends the archive and closes the stream below. */
  @Override
  public void close() throws IOException {
    out.write(ZEROS);
    out.write(ZEROS);
    out.close();
  }
}
