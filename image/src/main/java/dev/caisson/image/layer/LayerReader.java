/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import com.github.luben.zstd.ZstdIOException;
import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import java.util.zip.ZipException;

/**
 * Reads the entries of an uncompressed layer archive one after the other. Everything in it is
 * untrusted; what comes out is proven as {@link Entry} says.
 *
 * <p>It understands ustar, pax and GNU archives, long names, extended attributes and sparse files.
 * Character set and access times are ignored.
 */
public final class LayerReader implements EntrySource {
  private static final String WHITEOUT = ".wh.";
  private static final String OPAQUE = ".wh..wh..opq";
  private static final String AUFS = ".wh..wh."; // its bookkeeping, no content

  private final TarInput in;
  private final LayerLimits limits;
  private final boolean whiteouts;
  private final byte[] block = new byte[TarInput.BLOCK];
  private long entries;
  private long fileBytes;
  private long unread;
  private long padding;

  private LayerReader(InputStream uncompressed, LayerLimits limits, boolean whiteouts) {
    this.in = new TarInput(uncompressed, limits.bytes());
    this.limits = limits;
    this.whiteouts = whiteouts;
  }

  /** Reads a layer, in which names beginning with {@code .wh.} remove something. */
  public static LayerReader ofLayer(InputStream uncompressed, LayerLimits limits) {
    return new LayerReader(uncompressed, limits, true);
  }

  /** Reads any archive; names have no special meaning. */
  public static LayerReader ofArchive(InputStream uncompressed, LayerLimits limits) {
    return new LayerReader(uncompressed, limits, false);
  }

  /** As promised; at the end the whole stream has been read. */
  @Override
  public Optional<Entry> next() {
    try {
      while (true) {
        in.skip(unread);
        in.skipOrEnd(padding);
        unread = 0;
        padding = 0;
        var member = member();
        if (member.isEmpty()) {
          in.drain();
          return Optional.empty();
        }
        var entry = entry(member.get());
        if (entry.isPresent()) {
          return entry;
        }
      }
    } catch (IOException e) {
      throw failed(e);
    }
  }

  @Override
  public int read(byte[] bytes, int offset, int length) {
    if (unread == 0 || length == 0) {
      return 0;
    }
    try {
      int n = in.read(bytes, offset, (int) Math.min(length, unread));
      unread -= n;
      return n;
    } catch (IOException e) {
      throw failed(e);
    }
  }

  private static ImageException failed(IOException e) {
    return e instanceof EOFException || e instanceof ZipException || e instanceof ZstdIOException
        ? new ImageException(
            Kind.INVALID, "the layer is damaged or truncated: " + e.getMessage(), e)
        : ImageException.io("layer", e);
  }

  /** A header with what came before it to extend it. */
  private record Member(
      TarHeader header, PaxRecords pax, Optional<String> name, Optional<String> link) {
    String path() {
      return pax.text("GNU.sparse.name")
          .or(() -> pax.text("path"))
          .or(() -> name)
          .orElse(header.name());
    }

    String target() {
      return pax.text("linkpath").or(() -> link).orElse(header.linkName());
    }

    long size() {
      return pax.number("size").orElse(header.size());
    }
  }

  private Optional<Member> member() throws IOException {
    var pax = PaxRecords.none();
    Optional<String> name = Optional.empty();
    Optional<String> link = Optional.empty();
    long extended = 0;
    while (in.readBlock(block)) {
      if (TarHeader.blank(block)) {
        return Optional.empty();
      }
      var header = TarHeader.parse(block);
      switch (header.type()) {
        case 'x', 'X' -> pax = PaxRecords.parse(extension(header, extended));
        case 'L' -> name = Optional.of(longName(extension(header, extended)));
        case 'K' -> link = Optional.of(longName(extension(header, extended)));
        case 'g', 'V' -> extension(header, extended); // defaults and labels that layers do not use
        default -> {
          return Optional.of(new Member(header, pax, name, link));
        }
      }
      extended += TarInput.BLOCK + header.size();
    }
    if (extended > 0) {
      throw TarInput.truncated();
    }
    return Optional.empty();
  }

  private byte[] extension(TarHeader header, long before) throws IOException {
    if (header.size() > limits.headerBytes() - before) {
      throw new ImageException(
          Kind.TOO_LARGE,
          "an entry of the layer has more than " + limits.headerBytes() + " bytes of header");
    }
    var bytes = in.readExactly((int) header.size());
    in.skipPadding(header.size());
    return bytes;
  }

  private static String longName(byte[] bytes) {
    int end = 0;
    while (end < bytes.length && bytes[end] != 0) {
      end++;
    }
    return Utf8.decode(bytes, 0, end);
  }

  /** Empty for members that are no entries of a layer. */
  private Optional<Entry> entry(Member member) throws IOException {
    entries++;
    if (entries > limits.entries()) {
      throw new ImageException(
          Kind.TOO_LARGE, "the layer has more than " + limits.entries() + " entries");
    }
    var header = member.header();
    var path = LayerPath.of(member.path(), limits.pathBytes());
    var name = LayerPath.name(path);
    if (whiteouts && name.startsWith(WHITEOUT)) {
      startData(member.size());
      return whiteout(path, name);
    }
    var attributes = attributes(member);
    return Optional.of(
        switch (header.type()) {
          case '0', 0, '7' ->
              member.path().endsWith("/")
                  ? new Entry.Directory(path, attributes)
                  : file(member, named(path), attributes);
          case 'S' -> oldSparse(member, named(path), attributes);
          case '1' -> hardLink(member, named(path), attributes);
          case '2' -> new Entry.SymbolicLink(named(path), attributes, target(member));
          case '3', '4' -> device(header, named(path), attributes);
          case '5' -> new Entry.Directory(path, attributes);
          case '6' -> new Entry.Pipe(named(path), attributes);
          default ->
              throw new ImageException(
                  Kind.UNSUPPORTED,
                  "\"" + path + "\" has the unknown tar type " + (header.type() & 0xff));
        });
  }

  private static Optional<Entry> whiteout(String path, String name) {
    var parent = LayerPath.parent(path);
    if (name.equals(OPAQUE)) {
      return Optional.of(new Entry.Opaque(parent));
    }
    if (name.startsWith(AUFS)) {
      return Optional.empty();
    }
    var hidden = name.substring(WHITEOUT.length());
    if (hidden.isEmpty() || hidden.equals(".") || hidden.equals("..")) {
      throw new ImageException(
          Kind.INVALID, "whiteout \"" + path + "\" names no file of its directory");
    }
    return Optional.of(new Entry.Whiteout(LayerPath.child(parent, hidden)));
  }

  private static String named(String path) {
    if (path.isEmpty()) {
      throw new ImageException(Kind.INVALID, "the layer replaces the root by something else");
    }
    return path;
  }

  private Entry file(Member member, String path, Attributes attributes) throws IOException {
    var map = SparseMap.pax(member.pax(), in, member.size());
    if (map.isPresent()) {
      return sparse(map.get(), member.size(), path, attributes);
    }
    grow(member.size());
    startData(member.size());
    return new Entry.File(path, attributes, member.size());
  }

  private Entry oldSparse(Member member, String path, Attributes attributes) throws IOException {
    return sparse(SparseMap.old(block, in, member.size()), member.size(), path, attributes);
  }

  private Entry sparse(SparseMap map, long dataSize, String path, Attributes attributes) {
    grow(map.size());
    startData(dataSize - map.headerBytes());
    return new Entry.File(path, attributes, map.size(), map.extents());
  }

  private Entry hardLink(Member member, String path, Attributes attributes) {
    return new Entry.HardLink(
        path, attributes, named(LayerPath.of(member.target(), limits.pathBytes())));
  }

  private String target(Member member) {
    var target = member.target();
    if (target.isEmpty() || target.length() > limits.pathBytes() || target.indexOf('\0') >= 0) {
      throw new ImageException(
          Kind.INVALID, "symbolic link \"" + member.path() + "\" has no usable target");
    }
    return target;
  }

  private static Entry device(TarHeader header, String path, Attributes attributes) {
    if (header.major() < 0
        || header.major() > 0xfff
        || header.minor() < 0
        || header.minor() > 0xfffff) {
      throw new ImageException(Kind.INVALID, "device \"" + path + "\" has an impossible number");
    }
    return new Entry.Device(
        path, attributes, header.type() == '4', (int) header.major(), (int) header.minor());
  }

  private void startData(long size) {
    unread = size;
    padding = -size & (TarInput.BLOCK - 1);
  }

  private void grow(long bytes) {
    fileBytes += bytes;
    if (bytes < 0 || fileBytes < 0 || fileBytes > limits.bytes()) {
      throw new ImageException(
          Kind.TOO_LARGE,
          "the layer's files have more than "
              + limits.bytes()
              + " bytes; raise the layer quota if you trust the image");
    }
  }

  private static Attributes attributes(Member member) {
    var header = member.header();
    var pax = member.pax();
    var modified = pax.text("mtime").map(PaxTime::parse).orElse(new PaxTime(header.modified(), 0));
    return new Attributes(
        header.mode(),
        id(pax.number("uid").orElse(header.user()), member),
        id(pax.number("gid").orElse(header.group()), member),
        modified.seconds(),
        modified.nanos(),
        pax.extendedAttributes());
  }

  // Never wrapped into 32 bits: 2^32 would become root.
  private static long id(long number, Member member) {
    if (number < 0 || number > Attributes.MAX_ID) {
      throw new ImageException(
          Kind.INVALID, "\"" + member.path() + "\" has the impossible owner number " + number);
    }
    return number;
  }
}
