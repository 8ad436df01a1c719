/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.text.ByteSize;
import java.nio.file.Path;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Mounts as people write them after {@code -v} and {@code --mount}. */
public final class MountWords {
  private MountWords() {}

  /** {@code SOURCE:TARGET[:OPTIONS]}; a source with a slash or dot is a path. */
  public static MountSpec volume(String text, Path directory) {
    var parts = text.split(":", -1);
    if (parts.length > 3 || parts[0].isEmpty() || parts[1].isEmpty()) {
      throw invalid(text);
    }
    boolean readOnly = false;
    boolean noCopy = false;
    var propagation = "";
    var relabel = "";
    for (var option : (parts.length == 3 ? parts[2] : "").split(",", -1)) {
      switch (option) {
        case "", "rw", "cached", "delegated", "consistent" -> {}
        case "ro" -> readOnly = true;
        case "nocopy" -> noCopy = true;
        case "z", "Z" -> relabel = option;
        case "private", "rprivate", "shared", "rshared", "slave", "rslave" -> propagation = option;
        default -> throw invalid(text);
      }
    }
    if (!isPath(parts[0])) {
      return new MountSpec.Volume(
          parts[0], parts[1], readOnly, noCopy, "", "local", Map.of(), Map.of());
    }
    var source = directory.resolve(parts[0]).normalize().toString();
    return new MountSpec.Bind(source, parts[1], readOnly, true, propagation, false, relabel);
  }

  private static boolean isPath(String source) {
    return source.startsWith("/") || source.startsWith(".") || source.startsWith("~");
  }

  /** {@code type=…,source=…,target=…} and the options of the type. */
  public static MountSpec mount(String text, Path directory) {
    var words = KeyValues.list(text);
    var type = words.getOrDefault("type", "volume");
    var target = first(words, "target", "destination", "dst");
    var source = first(words, "source", "src");
    boolean readOnly = flag(words, "readonly") || flag(words, "ro");
    if (target.isEmpty()) {
      throw invalid(text);
    }
    return switch (type) {
      case "bind" -> {
        if (source.isEmpty()) {
          throw invalid(text);
        }
        yield bind(directory.resolve(source).normalize(), target, readOnly, words);
      }
      case "volume" -> namedVolume(source, target, readOnly, words);
      case "tmpfs" -> tmpfs(target, readOnly, words);
      case "image" ->
          new MountSpec.Image(source, target, true, words.getOrDefault("image-subpath", ""));
      default -> throw invalid(text);
    };
  }

  private static MountSpec bind(
      Path source, String target, boolean readOnly, Map<String, String> words) {
    return new MountSpec.Bind(
        source.toString(),
        target,
        readOnly,
        false,
        words.getOrDefault("bind-propagation", ""),
        words.getOrDefault("bind-recursive", "").equals("disabled"),
        "");
  }

  private static MountSpec namedVolume(
      String name, String target, boolean readOnly, Map<String, String> words) {
    return new MountSpec.Volume(
        name,
        target,
        readOnly,
        flag(words, "volume-nocopy"),
        words.getOrDefault("volume-subpath", ""),
        words.getOrDefault("volume-driver", "local"),
        Map.of(),
        Map.of());
  }

  private static MountSpec tmpfs(String target, boolean readOnly, Map<String, String> words) {
    return new MountSpec.Tmpfs(
        target,
        readOnly,
        words.containsKey("tmpfs-size")
            ? OptionalLong.of(ByteSize.parse(words.get("tmpfs-size")))
            : OptionalLong.empty(),
        words.containsKey("tmpfs-mode")
            ? OptionalInt.of(Integer.parseInt(words.get("tmpfs-mode"), 8))
            : OptionalInt.empty(),
        "");
  }

  private static String first(Map<String, String> words, String... names) {
    for (var name : names) {
      var value = words.get(name);
      if (value != null) {
        return value;
      }
    }
    return "";
  }

  private static boolean flag(Map<String, String> words, String name) {
    var value = words.get(name);
    return value != null && (value.isEmpty() || value.equals("true") || value.equals("1"));
  }

  private static EngineException invalid(String text) {
    return EngineException.invalid(
        "invalid mount specification \"" + text + "\"",
        "write SOURCE:TARGET[:ro], or type=bind,source=…,target=…");
  }
}
