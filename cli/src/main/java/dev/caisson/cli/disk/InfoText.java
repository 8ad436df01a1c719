/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.Snapshot;
import dev.caisson.disk.file.ByteCount;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What {@code disk info} found, in qemu-img's words. */
final class InfoText {
  private InfoText() {}

  static List<String> lines(Map<String, Object> fields, List<Snapshot> snapshots) {
    List<String> lines = new ArrayList<>();
    lines.add("image: " + fields.get("filename"));
    lines.add("file format: " + fields.get("format"));
    long size = (Long) fields.getOrDefault("virtual-size", 0L);
    lines.add("virtual size: %s (%d bytes)".formatted(ByteCount.of(size), size));
    lines.add(
        "disk size: "
            + (fields.get("actual-size") instanceof Long space
                ? ByteCount.of(space)
                : "unavailable"));
    if (fields.containsKey("encrypted")) {
      lines.add("encrypted: yes");
    }
    add(lines, fields, "cluster-size", "cluster_size");
    base(lines, fields);
    add(lines, fields, "backing-filename-format", "backing file format");
    lines.addAll(SnapshotText.lines(snapshots));
    if (fields.get("format-specific") instanceof Map<?, ?> specific
        && specific.get("data") instanceof Map<?, ?> data) {
      lines.add("Format specific information:");
      nested(lines, data, "    ");
    }
    return lines;
  }

  private static void base(List<String> lines, Map<String, Object> fields) {
    if (!(fields.get("backing-filename") instanceof String name)) {
      return;
    }
    String full = String.valueOf(fields.get("full-backing-filename"));
    lines.add("backing file: " + name + (full.equals(name) ? "" : " (actual path: " + full + ")"));
  }

  private static void nested(List<String> lines, Object value, String indent) {
    if (value instanceof Map<?, ?> map) {
      map.forEach((name, field) -> entry(lines, words(name), field, indent));
    } else if (value instanceof List<?> list) {
      for (int i = 0; i < list.size(); i++) {
        entry(lines, "[%d]".formatted(i), list.get(i), indent);
      }
    } else {
      lines.add(indent + value);
    }
  }

  private static void entry(List<String> lines, String name, Object field, String indent) {
    if (field instanceof Map<?, ?> || field instanceof List<?>) {
      lines.add(indent + name + ":");
      nested(lines, field, indent + "    ");
    } else {
      lines.add(indent + name + ": " + field);
    }
  }

  private static String words(Object name) {
    return name.toString().replace('-', ' ');
  }

  private static void add(
      List<String> lines, Map<String, Object> fields, String name, String label) {
    if (fields.containsKey(name)) {
      lines.add(label + ": " + fields.get(name));
    }
  }
}
