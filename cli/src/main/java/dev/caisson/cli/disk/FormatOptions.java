/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.DiskException;
import dev.caisson.disk.DiskFormat;
import dev.caisson.disk.file.ByteCount;
import dev.caisson.disk.luks.LuksOptions;
import dev.caisson.disk.qcow2.Qcow2Format;
import dev.caisson.disk.qcow2.compression.Compression;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

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
    return switch (format) {
      case "raw" ->
          List.of("Supported raw options:", "  preallocation=<str>    - off, falloc or full", SIZE);
      case "luks" ->
          Stream.of(Stream.of("Supported luks options:"), luksLines("  "), Stream.of(SIZE))
              .flatMap(lines -> lines)
              .toList();
      default -> Stream.concat(QCOW2.stream(), luksLines("  " + ENCRYPT)).toList();
    };
  }

  private static Stream<String> luksLines(String prefix) {
    return LUKS.stream().map(line -> prefix + line);
  }

  private static final String ENCRYPT = "encrypt.";
  private static final Set<String> LUKS_NAMES =
      Set.of(
          "format",
          "key-secret",
          "cipher-alg",
          "cipher-mode",
          "ivgen-alg",
          "ivgen-hash-alg",
          "hash-alg",
          "iter-time",
          "preallocation",
          "size");
  private static final List<String> LUKS =
      List.of(
          "cipher-alg=<str>  - aes-128 or aes-256; aes-256",
          "cipher-mode=<str> - xts or cbc; xts",
          "hash-alg=<str>    - sha1, sha224, sha256, sha384 or sha512; sha256",
          "iter-time=<num>   - milliseconds to try one key; without it, 600000 rounds",
          "ivgen-alg=<str>   - plain, plain64 or (cbc) essiv; plain64",
          "ivgen-hash-alg=<str> - sha256, for essiv",
          "key-secret=<str>  - id of the secret; without it, as --key-...");

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
          "  encrypt.format=<str>   - luks; or say --encrypt",
          "  lazy_refcounts=<on/off> - other programs may write refcounts late",
          "  preallocation=<str>    - off, metadata, falloc or full",
          "  refcount_bits=<num>    - 1 to 64; 16",
          SIZE);

  /** A raw file knows few options. */
  void requireRaw() {
    for (String name : fields.keySet()) {
      if (!name.equals("preallocation") && !name.equals("size")) {
        throw new DiskException(
            DiskException.Kind.UNSUPPORTED,
            "raw has no option '%s'; create -f raw -o help lists them".formatted(name));
      }
    }
  }

  /**
   * How a new disk shall be encrypted, if it shall.
   *
   * @param wanted whether {@code --encrypt} was said besides
   */
  Optional<LuksOptions> encryption(DiskFormat format, boolean wanted) {
    if (format == DiskFormat.LUKS) {
      return Optional.of(luks(fields));
    }
    if (format != DiskFormat.QCOW2) {
      if (wanted) {
        throw new DiskException(
            DiskException.Kind.UNSUPPORTED,
            format.label() + " disks are not encrypted; say -f qcow2 or -f luks (convert: -O)");
      }
      return Optional.empty();
    }
    if (isOn(get("encryption", "off")) || get(ENCRYPT + "format", "luks").equals("aes")) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED,
          "legacy AES encryption is unsafe; say encrypt.format=luks");
    }
    Map<String, String> named = new LinkedHashMap<>();
    fields.forEach((name, value) -> {
      if (name.startsWith(ENCRYPT)) {
        named.put(name.substring(ENCRYPT.length()), value);
      }
    });
    String how = named.getOrDefault("format", wanted ? "luks" : "");
    if (!named.isEmpty() && !how.equals("luks")) {
      throw new DiskException(
          DiskException.Kind.UNSUPPORTED, "encrypt.format '%s'; have luks".formatted(how));
    }
    return how.isEmpty() ? Optional.empty() : Optional.of(luks(named));
  }

  private static LuksOptions luks(Map<String, String> named) {
    for (String name : named.keySet()) {
      if (!LUKS_NAMES.contains(name)) {
        throw new DiskException(
            DiskException.Kind.UNSUPPORTED,
            "luks has no option '%s'; create -f luks -o help lists them".formatted(name));
      }
    }
    var options = LuksOptions.named(named);
    String time = named.get("iter-time");
    return time == null ? options : options.withIterationTime(KeyTime.parse(time));
  }

  /** The id of the secret that a new disk shall have, if one was said. */
  Optional<String> keySecret(DiskFormat format) {
    String prefix = format == DiskFormat.LUKS ? "" : ENCRYPT;
    return Optional.ofNullable(fields.get(prefix + "key-secret"));
  }

  Map<String, String> all() {
    return fields;
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
    if (name.startsWith("encrypt")) {
      return format; // see encryption()
    }
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
              "qcow2 has no option '%s'; create -f qcow2 -o help lists them".formatted(name));
    };
  }

  static int version(String compat) {
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

  static boolean isOn(String value) {
    return value.equals("on") || value.equals("true") || value.equals("yes");
  }
}
