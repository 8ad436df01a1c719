/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.model;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A typed, sized pointer to content. OCI image-spec 1.1, descriptor
 *
 * @param size in bytes, 0 or more
 * @param urls other places to fetch it from; Caisson keeps them but never follows them
 */
public record Descriptor(
    String mediaType,
    Digest digest,
    long size,
    Optional<Platform> platform,
    Map<String, String> annotations,
    List<String> urls) {
  /** Set by OCI layouts and archives on a manifest: its tag or complete name. */
  public static final String REFERENCE_NAME = "org.opencontainers.image.ref.name";

  public Descriptor {
    annotations = Map.copyOf(annotations);
    urls = List.copyOf(urls);
  }

  public static Descriptor of(String mediaType, Digest digest, long size) {
    return new Descriptor(mediaType, digest, size, Optional.empty(), Map.of(), List.of());
  }

  /** Of these bytes. */
  public static Descriptor of(String mediaType, byte[] bytes) {
    return of(mediaType, Digest.of(bytes), bytes.length);
  }

  static Descriptor parse(JsonFields fields) {
    return new Descriptor(
        fields.text("mediaType"),
        fields.digest("digest"),
        fields.count("size"),
        fields.fields("platform").map(Descriptor::platform),
        fields.textMap("annotations"),
        fields.texts("urls"));
  }

  private static Platform platform(JsonFields fields) {
    return new Platform(
        fields.text("os"),
        fields.text("architecture"),
        fields.optionalText("variant"),
        fields.optionalText("os.version"));
  }
}
