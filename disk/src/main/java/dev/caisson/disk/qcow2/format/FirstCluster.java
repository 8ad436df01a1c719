/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.disk.qcow2.format;

import static dev.caisson.disk.DiskException.corrupt;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.storage.Storage;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * All that stands in an image's first cluster: the header, its extensions, the name of the base.
 *
 * @param extra header bytes beyond those this version knows, kept as they are
 */
@SuppressWarnings("ArrayRecordComponent") // never compared, never handed out
public record FirstCluster(
    Header header, byte[] extra, List<HeaderExtension> extensions, Optional<String> backing) {

  public static FirstCluster read(Storage storage) {
    String file = storage.name();
    long available = storage.size();
    var start = ByteBuffer.allocate(Header.WITH_COMPRESSION);
    storage.read(0, start.limit((int) Math.min(start.capacity(), available)));
    var header = Header.parse(file, start.clear());
    var cluster = ByteBuffer.allocate((int) Math.min(header.clusterSize(), available));
    storage.read(0, cluster);
    cluster.flip();
    if (cluster.limit() < header.length()) {
      throw corrupt(file, "ends within its header");
    }
    Optional<String> backing =
        header.backingOffset() == 0 || header.backingLength() == 0
            ? Optional.empty()
            : Optional.of(text(file, cluster, header.backingOffset(), header.backingLength()));
    byte[] extra = new byte[Math.max(0, header.length() - Header.WITH_COMPRESSION)];
    if (extra.length > 0) {
      cluster.get(Header.WITH_COMPRESSION, extra);
    }
    return new FirstCluster(header, extra, extensions(file, header, cluster), backing);
  }

  private static String text(String file, ByteBuffer cluster, long offset, int length) {
    if (offset + length > cluster.limit()) {
      throw corrupt(file, "ends within the name of its base");
    }
    var bytes = new byte[length];
    cluster.get((int) offset, bytes);
    return new String(bytes, UTF_8);
  }

  private static List<HeaderExtension> extensions(String file, Header header, ByteBuffer cluster) {
    List<HeaderExtension> found = new ArrayList<>();
    long end = header.backingOffset() == 0 ? header.clusterSize() : header.backingOffset();
    end = Math.min(end, cluster.limit());
    for (int at = header.length(); at + 8 <= end; ) {
      int type = cluster.getInt(at);
      int length = cluster.getInt(at + 4);
      if (type == HeaderExtension.END) {
        break;
      }
      if (length < 0 || length > end - at - 8) {
        throw corrupt(file, "header extension 0x%x of %d bytes".formatted(type, length));
      }
      var data = new byte[length];
      cluster.get(at + 8, data);
      found.add(new HeaderExtension(type, data));
      at += 8 + Math.ceilDiv(length, 8) * 8;
    }
    return List.copyOf(found);
  }

  public Optional<byte[]> extension(int type) {
    return extensions.stream()
        .filter(extension -> extension.type() == type)
        .map(HeaderExtension::data)
        .findFirst();
  }

  public Optional<String> backingFormat() {
    return extension(HeaderExtension.BACKING_FORMAT).map(bytes -> new String(bytes, UTF_8));
  }

  public Optional<String> dataFile() {
    return extension(HeaderExtension.DATA_FILE).map(bytes -> new String(bytes, UTF_8));
  }

  public FirstCluster withHeader(Header changed) {
    return new FirstCluster(changed, extra, extensions, backing);
  }

  /** Replaces, adds, or (data null) removes the extension of one type. */
  public FirstCluster withExtension(int type, byte @Nullable [] data) {
    List<HeaderExtension> changed = new ArrayList<>();
    boolean placed = data == null;
    for (var extension : extensions) {
      if (extension.type() != type) {
        changed.add(extension);
      } else if (!placed && data != null) {
        changed.add(new HeaderExtension(type, data));
        placed = true;
      }
    }
    if (!placed && data != null) {
      changed.add(new HeaderExtension(type, data));
    }
    return new FirstCluster(header, extra, List.copyOf(changed), backing);
  }

  /** Names another base, or none. */
  public FirstCluster withBacking(Optional<String> name, Optional<String> format) {
    var changed =
        withExtension(
            HeaderExtension.BACKING_FORMAT,
            format.map(label -> label.getBytes(UTF_8)).orElse(null));
    return new FirstCluster(header, extra, changed.extensions, name);
  }

  /**
   * The cluster's bytes, with the base's name placed after the extensions.
   *
   * @throws DiskException OUT_OF_RANGE when they do not fit
   */
  public ByteBuffer encode(String file) {
    byte[] name = backing.map(text -> text.getBytes(UTF_8)).orElse(new byte[0]);
    int need = header.length() + 8 + name.length;
    for (var extension : extensions) {
      need += 8 + Math.ceilDiv(extension.data().length, 8) * 8;
    }
    if (need > header.clusterSize() || name.length > Header.MAX_BACKING_NAME) {
      throw new DiskException(
          DiskException.Kind.OUT_OF_RANGE,
          "%s: header and base name need %d bytes, a cluster has %d"
              .formatted(file, need, header.clusterSize()));
    }
    var bytes = ByteBuffer.allocate(header.clusterSize());
    bytes.position(header.length());
    for (var extension : extensions) {
      bytes.putInt(extension.type()).putInt(extension.data().length).put(extension.data());
      bytes.position(Math.ceilDiv(bytes.position(), 8) * 8);
    }
    bytes.putLong(0); // end of extensions
    long nameAt = name.length == 0 ? 0 : bytes.position();
    bytes.put(name);
    header.withBacking(nameAt, name.length).encode(bytes);
    bytes.put(Header.WITH_COMPRESSION, extra, 0, extra.length);
    return bytes.clear();
  }
}
