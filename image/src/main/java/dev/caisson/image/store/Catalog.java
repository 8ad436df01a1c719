/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.store;

import dev.caisson.image.ImageException;
import dev.caisson.image.model.Descriptor;
import dev.caisson.image.model.Digest;
import dev.caisson.image.model.JsonFields;
import dev.caisson.image.model.Reference;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * Which images there are and what they are called. A value: every change gives a new catalog.
 *
 * @param entries by manifest digest, in the order they came
 * @param names complete reference to manifest digest; every value is a key of {@code entries}
 */
record Catalog(Map<Digest, Entry> entries, Map<String, Digest> names) {
  static final Catalog EMPTY = new Catalog(Map.of(), Map.of());

  /**
   * One image: its manifest, the digest of its configuration, and when it came.
   *
   * @param parent id of the image it was made from on this host; that one need not be there still
   */
  record Entry(Descriptor manifest, Digest id, Instant stored, Optional<Digest> parent) {}

  Catalog {
    entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
    names = Collections.unmodifiableMap(new TreeMap<>(names));
  }

  /** The entry of a manifest that is known to be in this catalog. */
  Entry entry(Digest manifest) {
    var entry = entries.get(manifest);
    if (entry == null) {
      throw new IllegalArgumentException("not in the catalog: " + manifest);
    }
    return entry;
  }

  Optional<Entry> named(Reference reference) {
    return Optional.ofNullable(names.get(reference.toString())).map(entries::get);
  }

  List<Reference> namesOf(Digest manifest) {
    return names.entrySet().stream()
        .filter(name -> name.getValue().equals(manifest))
        .map(name -> Reference.parse(name.getKey()))
        .toList();
  }

  /**
   * With {@code entry} (kept as it is when known) called {@code added}, which leaves its former
   * image.
   */
  Catalog with(Entry entry, List<Reference> added) {
    var newEntries = new LinkedHashMap<>(entries);
    newEntries.putIfAbsent(entry.manifest().digest(), entry);
    var newNames = new TreeMap<>(names);
    added.forEach(name -> newNames.put(name.toString(), entry.manifest().digest()));
    return new Catalog(newEntries, newNames);
  }

  Catalog withoutName(Reference reference) {
    var newNames = new TreeMap<>(names);
    newNames.remove(reference.toString());
    return new Catalog(entries, newNames);
  }

  /** Without the entries {@code unwanted} and all their names. */
  Catalog without(Predicate<Entry> unwanted) {
    var newEntries = new LinkedHashMap<>(entries);
    newEntries.values().removeIf(unwanted);
    var newNames = new TreeMap<>(names);
    newNames.values().removeIf(digest -> !newEntries.containsKey(digest));
    return new Catalog(newEntries, newNames);
  }

  /** Whether others in this catalog were made from the image. */
  boolean isParent(Digest id) {
    return entries.values().stream()
        .anyMatch(entry -> entry.parent().filter(id::equals).isPresent());
  }

  byte[] toJson() {
    var root = JsonFields.newObject();
    root.put("version", 1);
    var images = root.putArray("images");
    for (var entry : entries.values()) {
      var image = images.addObject();
      image.put("mediaType", entry.manifest().mediaType());
      image.put("digest", entry.manifest().digest().toString());
      image.put("size", entry.manifest().size());
      image.put("id", entry.id().toString());
      image.put("stored", entry.stored().toString());
      entry.parent().ifPresent(parent -> image.put("parent", parent.toString()));
      var list = image.putArray("names");
      namesOf(entry.manifest().digest()).forEach(name -> list.add(name.toString()));
    }
    return JsonFields.write(root);
  }

  static Catalog parse(byte[] json) {
    var root = JsonFields.parse(json, "image catalog");
    if (root.count("version") != 1) {
      throw new ImageException(
          ImageException.Kind.UNSUPPORTED,
          "the image store was written by a newer Caisson; upgrade, or use another --root");
    }
    var entries = new LinkedHashMap<Digest, Entry>();
    var names = new TreeMap<String, Digest>();
    for (var image : root.list("images")) {
      var digest = image.digest("digest");
      var manifest = Descriptor.of(image.text("mediaType"), digest, image.count("size"));
      var stored = image.time("stored").orElse(Instant.EPOCH);
      var parent = image.optionalText("parent").map(Digest::parse);
      entries.put(digest, new Entry(manifest, image.digest("id"), stored, parent));
      image.texts("names").forEach(name -> names.put(name, digest));
    }
    return new Catalog(entries, names);
  }
}
