/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.qcow2.Compression;
import dev.caisson.disk.qcow2.Qcow2Format;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The {@code -o} options of a qcow2 image, with qemu-img's names. */
final class FormatOptions {
  private final Map<String, String> fields = new LinkedHashMap<>();

  FormatOptions(String[] given) {
    for (String list : given) {
      fields.putAll(KeyValueList.parse(list));
    }
  }

  /** Whether {@code -o help} was said. */
  static boolean help(String[] given) {
    return List.of(given).contains("help") || List.of(given).contains("?");
  }

  /** What {@code -o help} answers. */
  static List<String> lines(String format) {
    return format.equals("raw")
        ? List.of("Supported raw options:", "  preallocation=<str>    - off, falloc or full", SIZE)
        : QCOW2;
  }

  private static final String SIZE = "  size=<size>            - size of the disk";
  private static final List<String> QCOW2 =
      List.of(
          "Supported qcow2 options:",
          "  backing_file=<str>     - the base",
          "  backing_fmt=<str>      - the base's format",
          "  cluster_size=<size>    - 512 to 2M; 64k",
          "  compat=<str>           - v2 [0.10] or v3 [1.1]",
          "  compression_type=<str> - zlib or zstd",
          "  data_file=<str>        - a file of its own for guest data",
          "  data_file_raw=<on/off> - that file stays a valid raw disk",
          "  extended_l2=<on/off>   - subclusters",
          "  lazy_refcounts=<on/off> - other programs may write refcounts late",
          "  preallocation=<str>    - off, metadata, falloc or full",
          "  refcount_bits=<num>    - 1 to 64; 16",
          SIZE);

  /** Of a raw file, which knows no other option. */
  Preallocation rawPreallocation() {
    for (String name : fields.keySet()) {
      if (!name.equals("preallocation") && !name.equals("size")) {
        throw new DiskException(
            DiskException.Kind.UNSUPPORTED,
            "raw has no option '%s'; create -f raw -o help lists them".formatted(name));
      }
    }
    var ahead = Preallocation.named(get("preallocation", "off"));
    ahead.requireFor("raw");
    return ahead;
  }

  /** What remains to be asked for by name; for instance {@code preallocation}. */
  String get(String name, String otherwise) {
    return fields.getOrDefault(name, otherwise);
  }

  Qcow2Format qcow2() {
    Qcow2Format format = Qcow2Format.DEFAULT;
    for (var option : fields.entrySet()) {
      format = with(format, option.getKey(), option.getValue());
    }
    if (fields.containsKey("data_file")) {
      format = format.withDataFile(get("data_file", ""), isOn(get("data_file_raw", "off")));
    }
    if (fields.containsKey("backing_file")) {
      String label = get("backing_fmt", "");
      if (label.isEmpty()) {
        throw new DiskException(
            DiskException.Kind.REFUSED, "say backing_fmt= too; a base's format is never guessed");
      }
      format = format.withBacking(get("backing_file", ""), label);
    }
    return format;
  }

  private static Qcow2Format with(Qcow2Format format, String name, String value) {
    return switch (name) {
      case "cluster_size" ->
          format.withClusterSize((int) Math.min(1 << 30, ByteCount.parse(value)));
      case "refcount_bits" -> format.withRefcountBits((int) ByteCount.parse(value));
      case "compat" -> format.withVersion(version(value));
      case "lazy_refcounts" -> format.withLazyRefcounts(isOn(value));
      case "extended_l2" -> format.withExtendedL2(isOn(value));
      case "compression_type" -> format.withCompression(compression(value));
      case "data_file", "data_file_raw", "backing_file", "backing_fmt", "preallocation", "size" ->
          format;
      default ->
          throw new DiskException(
              DiskException.Kind.UNSUPPORTED,
              name.startsWith("encrypt")
                  ? "encrypted disks are used, not made; create them with qemu-img"
                  : "qcow2 has no option '%s'; create -f qcow2 -o help lists them".formatted(name));
    };
  }

  private static int version(String compat) {
    return switch (compat) {
      case "0.10", "v2" -> 2;
      case "1.1", "v3" -> 3;
      default ->
          throw new DiskException(
              DiskException.Kind.UNSUPPORTED,
              "compat '%s'; have 0.10 (v2) and 1.1 (v3)".formatted(compat));
    };
  }

  private static Compression compression(String label) {
    return switch (label) {
      case "zstd" -> Compression.ZSTD;
      case "zlib" -> Compression.DEFLATE;
      default ->
          throw new DiskException(
              DiskException.Kind.UNSUPPORTED,
              "compression type '%s'; have zlib and zstd".formatted(label));
    };
  }

  private static boolean isOn(String value) {
    return value.equals("on") || value.equals("true") || value.equals("yes");
  }
}
