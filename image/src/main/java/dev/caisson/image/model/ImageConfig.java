/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.model;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What an image says of itself: platform, default process, and which layers it is made of. OCI
 * image-spec 1.1, image configuration
 *
 * @param diffIds digests of the uncompressed layers, lowest first
 */
public record ImageConfig(
    Platform platform,
    Optional<Instant> created,
    Optional<String> author,
    Defaults defaults,
    List<Digest> diffIds,
    List<History> history) {
  public ImageConfig {
    diffIds = List.copyOf(diffIds);
    history = List.copyOf(history);
  }

  /**
   * Reads a configuration.
   *
   * @throws ImageException INVALID, TOO_LARGE
   */
  public static ImageConfig parse(byte[] json) {
    var fields = JsonFields.parse(json, "image configuration");
    var layers =
        fields
            .fields("rootfs")
            .orElseThrow(
                () -> new ImageException(Kind.INVALID, "image configuration has no rootfs"));
    return new ImageConfig(
        new Platform(
            fields.text("os"),
            fields.text("architecture"),
            fields.optionalText("variant").filter(v -> !v.isEmpty()),
            fields.optionalText("os.version")),
        fields.time("created"),
        fields.optionalText("author").filter(a -> !a.isEmpty()),
        fields.fields("config").map(Defaults::parse).orElse(Defaults.NONE),
        layers.texts("diff_ids").stream().map(Digest::parse).toList(),
        fields.list("history").stream().map(History::parse).toList());
  }

  /** The JSON of this configuration; equal configurations give equal bytes. */
  public byte[] toJson() {
    return ConfigWriter.write(this);
  }
}
