/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.model;

import dev.caisson.image.ImageException;
import java.util.Locale;
import java.util.Optional;

/**
 * The operating system and processor an image is made for, in Go's spelling. OCI image-spec 1.1,
 * image index
 *
 * @param variant of the processor, such as {@code v7} for arm; normalised, see {@link #of}
 */
public record Platform(
    String os, String architecture, Optional<String> variant, Optional<String> osVersion) {

  /** A platform with the spellings other tools use made one: x86_64, aarch64, armhf, arm64/v8. */
  public static Platform of(String os, String architecture, Optional<String> variant) {
    var machine = architecture.toLowerCase(Locale.ROOT);
    var name =
        switch (machine) {
          case "x86_64", "x86-64" -> "amd64";
          case "aarch64" -> "arm64";
          case "i386", "i486", "i586", "i686" -> "386";
          case "armhf", "armel" -> "arm";
          default -> machine;
        };
    var implied =
        switch (machine) {
          case "armhf" -> Optional.of("v7");
          case "armel" -> Optional.of("v6");
          case "arm" -> variant.or(() -> Optional.of("v7"));
          case "arm64", "aarch64" -> variant.filter(v -> !v.equals("v8") && !v.equals("8"));
          default -> variant.filter(v -> !v.equals("v1"));
        };
    return new Platform(os.toLowerCase(Locale.ROOT), name, implied, Optional.empty());
  }

  /**
   * Reads {@code os/architecture[/variant]} or only an architecture.
   *
   * @throws ImageException INVALID
   */
  public static Platform parse(String text) {
    var parts = text.split("/", -1);
    for (var part : parts) {
      if (part.isEmpty() || !part.matches("[A-Za-z0-9_.-]{1,64}")) {
        throw new ImageException(
            ImageException.Kind.INVALID,
            "platform \"" + text + "\" is not of the form os/architecture[/variant]");
      }
    }
    return switch (parts.length) {
      case 1 -> of("linux", parts[0], Optional.empty());
      case 2 -> of(parts[0], parts[1], Optional.empty());
      case 3 -> of(parts[0], parts[1], Optional.of(parts[2]));
      default ->
          throw new ImageException(
              ImageException.Kind.INVALID,
              "platform \"" + text + "\" is not of the form os/architecture[/variant]");
    };
  }

  /** Linux on the processor this JVM runs on. */
  public static Platform host() {
    return of("linux", System.getProperty("os.arch"), Optional.empty());
  }

  /** Whether an image for {@code other} runs where this platform is wanted. */
  public boolean accepts(Platform other) {
    var normal = of(other.os, other.architecture, other.variant);
    return os.equals(normal.os)
        && architecture.equals(normal.architecture)
        && (variant.equals(normal.variant) || (variant.isEmpty() && architecture.equals("amd64")));
  }

  @Override
  public String toString() {
    return os + "/" + architecture + variant.map(v -> "/" + v).orElse("");
  }
}
