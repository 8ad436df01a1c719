/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.model;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * One image for several platforms: a list of manifests. OCI image-spec 1.1, Docker manifest list
 */
public record Index(String mediaType, List<Descriptor> manifests, Map<String, String> annotations) {
  /** Far beyond every platform there is, small enough to walk without thought. */
  public static final int MAX_MANIFESTS = 1_000;

  public Index {
    manifests = List.copyOf(manifests);
    annotations = Map.copyOf(annotations);
  }

  /**
   * Reads an index.
   *
   * @throws ImageException INVALID, TOO_LARGE
   */
  public static Index parse(byte[] json, String declaredType) {
    var fields = JsonFields.parse(json, "index");
    var type = fields.optionalText("mediaType").orElse(declaredType);
    // One document must not be read as two kinds. OCI image-spec 1.1, CVE-2021-41190
    if (!MediaType.isIndex(type) || fields.has("layers") || fields.has("config")) {
      throw new ImageException(Kind.UNSUPPORTED, "media type " + type + " is no image index");
    }
    var entries = fields.list("manifests");
    if (entries.size() > MAX_MANIFESTS) {
      throw new ImageException(
          Kind.TOO_LARGE,
          "the index lists " + entries.size() + " manifests; the limit is " + MAX_MANIFESTS);
    }
    return new Index(
        type, entries.stream().map(Descriptor::parse).toList(), fields.textMap("annotations"));
  }

  /**
   * The manifest for {@code wanted}: the first whose platform fits, as every client chooses.
   *
   * @throws ImageException NOT_FOUND, naming the platforms there are
   */
  public Descriptor choose(Platform wanted) {
    return manifests.stream()
        .filter(entry -> MediaType.isManifest(entry.mediaType()))
        .filter(entry -> entry.platform().map(wanted::accepts).orElse(false))
        .findFirst()
        .or(this::onlyUnmarked)
        .orElseThrow(() -> missing(wanted));
  }

  // Layouts of a single image commonly leave the platform out.
  private Optional<Descriptor> onlyUnmarked() {
    return manifests.size() == 1 && manifests.getFirst().platform().isEmpty()
        ? Optional.of(manifests.getFirst()).filter(e -> MediaType.isManifest(e.mediaType()))
        : Optional.empty();
  }

  private ImageException missing(Platform wanted) {
    var offered =
        manifests.stream()
            .flatMap(entry -> entry.platform().stream())
            .map(Platform::toString)
            .distinct()
            .limit(20)
            .collect(Collectors.joining(", "));
    return new ImageException(
        Kind.NOT_FOUND, "no manifest for platform " + wanted + "; it is offered for " + offered);
  }
}
