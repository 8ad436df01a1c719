/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.model;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.node.ObjectNode;

/**
 * One image for one platform: its configuration and its layers, lowest first. OCI image-spec 1.1,
 * Docker image manifest v2 schema 2
 *
 * <p>The bytes a manifest came from are kept by the store; a manifest is never written back from
 * this record, because that would change its digest.
 */
public record Manifest(
    String mediaType, Descriptor config, List<Descriptor> layers, Map<String, String> annotations) {
  /** More layers than any kernel can stack (overlayfs stops at 500); builders stop at 128. */
  public static final int MAX_LAYERS = 500;

  public Manifest {
    layers = List.copyOf(layers);
    annotations = Map.copyOf(annotations);
  }

  /**
   * Reads a manifest.
   *
   * @param declaredType the media type the registry or descriptor gave it
   * @throws ImageException INVALID, TOO_LARGE; UNSUPPORTED when it is no container image
   */
  public static Manifest parse(byte[] json, String declaredType) {
    var fields = JsonFields.parse(json, "manifest");
    if (fields.optionalCount("schemaVersion").orElse(2L) != 2) {
      throw new ImageException(
          Kind.UNSUPPORTED, "the manifest is of Docker schema 1, which is obsolete; push it anew");
    }
    var type = fields.optionalText("mediaType").orElse(declaredType);
    // One document must not be read as two kinds. OCI image-spec 1.1, CVE-2021-41190
    if (!MediaType.isManifest(type) || fields.has("manifests")) {
      throw new ImageException(Kind.UNSUPPORTED, "media type " + type + " is no image manifest");
    }
    var config =
        Descriptor.parse(
            fields
                .fields("config")
                .orElseThrow(() -> new ImageException(Kind.INVALID, "the manifest has no config")));
    if (!MediaType.isConfig(config.mediaType())) {
      throw new ImageException(
          Kind.UNSUPPORTED,
          "it holds an artifact of type " + config.mediaType() + ", not a container image");
    }
    return new Manifest(type, config, layers(fields), fields.textMap("annotations"));
  }

  private static List<Descriptor> layers(JsonFields fields) {
    var layers = fields.list("layers").stream().map(Descriptor::parse).toList();
    if (layers.size() > MAX_LAYERS) {
      throw new ImageException(
          Kind.TOO_LARGE,
          "the manifest lists " + layers.size() + " layers; the limit is " + MAX_LAYERS);
    }
    for (var layer : layers) {
      if (!MediaType.isLayer(layer.mediaType())) {
        throw new ImageException(
            Kind.UNSUPPORTED, "layer media type " + layer.mediaType() + " is not supported");
      }
    }
    return layers;
  }

  /** Writes the JSON of a new manifest; the same parts give the same bytes. */
  public static byte[] write(String mediaType, Descriptor config, List<Descriptor> layers) {
    var root = JsonFields.newObject();
    root.put("schemaVersion", 2);
    root.put("mediaType", mediaType);
    put(root.putObject("config"), config);
    var array = root.putArray("layers");
    layers.forEach(layer -> put(array.addObject(), layer));
    return JsonFields.write(root);
  }

  private static void put(ObjectNode node, Descriptor descriptor) {
    node.put("mediaType", descriptor.mediaType());
    node.put("digest", descriptor.digest().toString());
    node.put("size", descriptor.size());
  }
}
