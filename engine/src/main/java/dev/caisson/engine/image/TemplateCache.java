/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.image;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/**
 * Templates found before, good as long as the catalog is the same file: it is replaced, never
 * changed. Looking at the file takes microseconds, reading catalog and documents a millisecond.
 */
final class TemplateCache {
  private static final int MOST = 1000;

  private final Path catalog;
  private final Map<String, Template> found = new ConcurrentHashMap<>();
  private volatile String seen = "";

  TemplateCache(Path catalog) {
    this.catalog = catalog;
  }

  Template get(String reference, Optional<String> platform, Supplier<Template> find) {
    var now = state();
    if (!now.equals(seen) || found.size() > MOST) {
      found.clear();
      seen = now;
    }
    var key = reference + " " + platform.orElse("");
    var known = found.get(key);
    if (known == null) {
      known = find.get();
      found.put(key, known);
    }
    return known;
  }

  private String state() {
    try {
      var attributes = Files.readAttributes(catalog, BasicFileAttributes.class);
      return attributes.fileKey() + " " + attributes.lastModifiedTime() + " " + attributes.size();
    } catch (IOException e) {
      return ""; // no image was ever stored
    }
  }
}
