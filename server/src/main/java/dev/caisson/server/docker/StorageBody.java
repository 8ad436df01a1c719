/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.spec.MountSpec;
import dev.caisson.engine.spec.StorageSpec;
import dev.caisson.server.http.HttpException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import java.util.StringJoiner;

/** Binds, Mounts, Tmpfs and Volumes of a create body. */
final class StorageBody {
  private static final Set<String> PROPAGATIONS =
      Set.of("private", "rprivate", "slave", "rslave", "shared", "rshared");

  private StorageBody() {}

  static StorageSpec read(Body config, Body host) {
    List<MountSpec> mounts = new ArrayList<>();
    host.strings("Binds").forEach(bind -> mounts.add(bind(bind)));
    mounts.addAll(host.objects("Mounts", StorageBody::mount));
    host.stringMap("Tmpfs").forEach((target, options) -> mounts.add(tmpfs(target, options)));
    // Config.Volumes also repeats the targets of Binds in old clients; those are no anonymous
    // volumes.
    List<String> anonymous =
        config.keys("Volumes").stream()
            .filter(target -> mounts.stream().noneMatch(mount -> mount.target().equals(target)))
            .toList();
    return new StorageSpec(
        mounts,
        anonymous,
        host.strings("VolumesFrom"),
        host.text("VolumeDriver"),
        host.flag("ReadonlyRootfs"),
        host.number("ShmSize").orElse(0),
        host.stringMap("StorageOpt"),
        Optional.of(new StorageSpec.Written(host.strings("Binds"), host.stringMap("Tmpfs"))));
  }

  /**
   * {@code SOURCE:TARGET[:OPTIONS]}, the source an absolute path or a volume's name; or a lone
   * target.
   */
  static MountSpec bind(String text) {
    String[] parts = text.split(":", 3);
    if (parts.length < 2 || parts[0].isEmpty() || !parts[1].startsWith("/")) {
      throw HttpException.badRequest(
          "invalid bind '" + text + "': write /host/path:/container/path[:ro] or volume:/path");
    }
    boolean readOnly = false;
    boolean noCopy = false;
    String propagation = "";
    String relabel = "";
    for (String option : parts.length > 2 ? parts[2].split(",") : new String[0]) {
      switch (option) {
        case "ro" -> readOnly = true;
        case "rw", "consistent", "cached", "delegated" -> {}
        case "nocopy" -> noCopy = true;
        case "z", "Z" -> relabel = option;
        default -> {
          if (!PROPAGATIONS.contains(option)) {
            throw HttpException.badRequest(
                "invalid option '" + option + "' in bind '" + text + "'");
          }
          propagation = option;
        }
      }
    }
    if (parts[0].startsWith("/")) {
      return new MountSpec.Bind(parts[0], parts[1], readOnly, true, propagation, false, relabel);
    }
    return new MountSpec.Volume(
        parts[0], parts[1], readOnly, noCopy, "", "local", Map.of(), Map.of());
  }

  private static MountSpec mount(Body mount) {
    String target =
        mount
            .text("Target")
            .orElseThrow(() ->
                HttpException.badRequest("invalid mount: " + mount.path() + ".Target is empty"));
    boolean readOnly = mount.flag("ReadOnly");
    String type = mount.text("Type", "");
    return switch (type) {
      case "bind" -> bind(mount, target, readOnly);
      case "volume" -> volume(mount, target, readOnly);
      case "tmpfs" -> tmpfs(mount.object("TmpfsOptions"), target, readOnly);
      case "image" ->
          new MountSpec.Image(
              mount.text("Source", ""),
              target,
              true,
              mount.object("ImageOptions").text("Subpath", ""));
      default ->
          throw HttpException.badRequest(
              "mount type '" + type + "' is not supported: use bind, volume, tmpfs or image");
    };
  }

  private static MountSpec bind(Body mount, String target, boolean readOnly) {
    Body options = mount.object("BindOptions");
    return new MountSpec.Bind(
        mount.text("Source", ""),
        target,
        readOnly,
        options.flag("CreateMountpoint"),
        options.text("Propagation", ""),
        options.flag("NonRecursive"),
        "");
  }

  private static MountSpec volume(Body mount, String target, boolean readOnly) {
    Body options = mount.object("VolumeOptions");
    Body driver = options.object("DriverConfig");
    return new MountSpec.Volume(
        mount.text("Source", ""),
        target,
        readOnly,
        options.flag("NoCopy"),
        options.text("Subpath", ""),
        driver.text("Name", "local"),
        driver.stringMap("Options"),
        options.stringMap("Labels"));
  }

  private static MountSpec tmpfs(Body options, String target, boolean readOnly) {
    return new MountSpec.Tmpfs(
        target,
        readOnly,
        options.numberUnlessZero("SizeBytes"),
        options.integer("Mode"),
        tmpfsOptions(options));
  }

  private static String tmpfsOptions(Body options) {
    StringJoiner joined = new StringJoiner(",");
    if (options.node().path("Options").isArray()) {
      for (var each : options.node().path("Options")) {
        StringJoiner words = new StringJoiner("=");
        each.valueStream().forEach(word -> words.add(word.asString()));
        joined.add(words.toString());
      }
    }
    return joined.toString();
  }

  /** {@code --tmpfs /run:size=64m,mode=755,ro}. */
  static MountSpec tmpfs(String target, String options) {
    OptionalLong size = OptionalLong.empty();
    OptionalInt mode = OptionalInt.empty();
    boolean readOnly = false;
    StringJoiner rest = new StringJoiner(",");
    for (String option : options.isEmpty() ? new String[0] : options.split(",")) {
      if (option.startsWith("size=")) {
        size = OptionalLong.of(bytes(option.substring(5), option));
      } else if (option.startsWith("mode=")) {
        mode = OptionalInt.of(octal(option.substring(5), option));
      } else if (option.equals("ro")) {
        readOnly = true;
      } else if (!option.equals("rw")) {
        rest.add(option);
      }
    }
    return new MountSpec.Tmpfs(target, readOnly, size, mode, rest.toString());
  }

  private static int octal(String text, String option) {
    try {
      return Integer.parseInt(text, 8);
    } catch (NumberFormatException malformed) {
      throw HttpException.badRequest(
          "invalid tmpfs option '" + option + "': the mode is octal, as 1777");
    }
  }

  private static long bytes(String text, String option) {
    String lower = text.toLowerCase(java.util.Locale.ROOT);
    int unit = lower.isEmpty() ? -1 : "kmg".indexOf(lower.charAt(lower.length() - 1));
    try {
      long number = Long.parseLong(unit < 0 ? lower : lower.substring(0, lower.length() - 1));
      return Math.multiplyExact(number, 1L << (unit < 0 ? 0 : 10 * (unit + 1)));
    } catch (ArithmeticException | NumberFormatException malformed) {
      throw HttpException.badRequest(
          "invalid tmpfs option '" + option + "': write bytes or a number with k, m or g");
    }
  }
}
