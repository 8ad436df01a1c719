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
import java.util.Map;

/** The {@code -o} options of a qcow2 image, with qemu-img's names. */
final class FormatOptions {
  private final Map<String, String> fields = new LinkedHashMap<>();

  FormatOptions(String[] given) {
    for (String list : given) {
      fields.putAll(KeyValueList.parse(list));
    }
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
      format = format.withBacking(get("backing_file", ""), get("backing_fmt", "raw"));
    }
    return format;
  }

  private static Qcow2Format with(Qcow2Format format, String name, String value) {
    return switch (name) {
      case "cluster_size" ->
          format.withClusterSize((int) Math.min(1 << 30, ByteCount.parse(value)));
      case "refcount_bits" -> format.withRefcountBits((int) ByteCount.parse(value));
      case "compat" -> format.withVersion(value.equals("0.10") || value.equals("v2") ? 2 : 3);
      case "lazy_refcounts" -> format.withLazyRefcounts(isOn(value));
      case "extended_l2" -> format.withExtendedL2(isOn(value));
      case "compression_type" -> format.withCompression(compression(value));
      case "data_file", "data_file_raw", "backing_file", "backing_fmt", "preallocation" -> format;
      default ->
          throw new DiskException(
              DiskException.Kind.UNSUPPORTED, "qcow2 has no option '%s'".formatted(name));
    };
  }

  private static Compression compression(String label) {
    return label.equals("zstd") ? Compression.ZSTD : Compression.DEFLATE;
  }

  private static boolean isOn(String value) {
    return value.equals("on") || value.equals("true") || value.equals("yes");
  }
}
