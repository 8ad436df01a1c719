/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.server.docker;

import dev.caisson.engine.view.ImageInfo;
import dev.caisson.engine.view.InstanceInfo;
import dev.caisson.engine.view.NetworkInfo;
import dev.caisson.engine.view.VolumeInfo;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * What the newest API answers to {@code inspect}, as plain values (maps, lists, texts, numbers,
 * booleans, null): for a command line that shows the same.
 */
public final class InspectDocument {
  private InspectDocument() {}

  /** As {@code GET /containers/{id}/json} answers. */
  public static Map<String, @Nullable Object> container(InstanceInfo info) {
    return fields(ContainerJson.inspect(info, DockerApi.NEWEST));
  }

  /** As {@code GET /images/{name}/json} answers. */
  public static Map<String, @Nullable Object> image(ImageInfo info) {
    return fields(ImageJson.inspect(info));
  }

  /** As {@code GET /networks/{id}} answers. */
  public static Map<String, @Nullable Object> network(NetworkInfo info) {
    return fields(NetworkJson.network(info, true));
  }

  /** As {@code GET /volumes/{name}} answers. */
  public static Map<String, @Nullable Object> volume(VolumeInfo info) {
    return fields(VolumeRoutes.volume(info));
  }

  private static Map<String, @Nullable Object> fields(JsonNode object) {
    var fields = new LinkedHashMap<String, @Nullable Object>();
    object.properties().forEach(field -> fields.put(field.getKey(), plain(field.getValue())));
    return fields;
  }

  private static @Nullable Object plain(JsonNode node) {
    if (node.isObject()) {
      return fields(node);
    }
    if (node.isArray()) {
      List<@Nullable Object> values = new ArrayList<>();
      node.forEach(value -> values.add(plain(value)));
      return values;
    }
    if (node.isNull()) {
      return null;
    }
    if (node.isBoolean()) {
      return node.booleanValue();
    }
    return node.isNumber() ? node.numberValue() : node.stringValue();
  }
}
