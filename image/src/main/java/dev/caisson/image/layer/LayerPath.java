/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.image.layer;

import dev.caisson.image.ImageException;
import dev.caisson.image.ImageException.Kind;
import java.nio.charset.StandardCharsets;

/** Turns the names tar archives hold into the paths {@link Entry} promises. */
final class LayerPath {
  private static final int MAX_COMPONENT = 255; // NAME_MAX, limits.h

  private LayerPath() {}

  /**
   * {@code name} as a path below the root.
   *
   * @throws ImageException INVALID for a component {@code ..}, a NUL, or too long a name
   */
  static String of(String name, int maxBytes) {
    if (name.length() > maxBytes || utf8Length(name) > maxBytes) {
      throw new ImageException(
          Kind.INVALID, "a path of the layer is longer than " + maxBytes + " bytes");
    }
    if (name.indexOf('\0') >= 0) {
      throw new ImageException(Kind.INVALID, "a path of the layer holds a NUL");
    }
    return clean(name) ? name : rebuilt(name);
  }

  // Most names need nothing done, or lose only their first or last characters.
  private static boolean clean(String name) {
    int start = 0;
    while (true) {
      int slash = name.indexOf('/', start);
      int end = slash < 0 ? name.length() : slash;
      if (!plain(name, start, end)) {
        return name.isEmpty();
      }
      if (slash < 0) {
        return true;
      }
      start = slash + 1;
    }
  }

  private static boolean plain(String name, int start, int end) {
    int length = end - start;
    if (length == 0 || length > MAX_COMPONENT / 4) {
      return false;
    }
    return name.charAt(start) != '.' || length > 2;
  }

  private static String rebuilt(String name) {
    var path = new StringBuilder(name.length());
    for (var component : name.split("/")) {
      if (component.isEmpty() || component.equals(".")) {
        continue;
      }
      if (component.equals("..")) {
        throw new ImageException(
            Kind.INVALID, "path " + shown(name) + " of the layer climbs with a .. component");
      }
      if (utf8Length(component) > MAX_COMPONENT) {
        throw new ImageException(
            Kind.INVALID,
            "path " + shown(name) + " has a component longer than " + MAX_COMPONENT + " bytes");
      }
      if (!path.isEmpty()) {
        path.append('/');
      }
      path.append(component);
    }
    return path.toString();
  }

  /** The directory of {@code path}; the empty path for names in the root. */
  static String parent(String path) {
    int slash = path.lastIndexOf('/');
    return slash < 0 ? "" : path.substring(0, slash);
  }

  static String name(String path) {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  static String child(String parent, String name) {
    return parent.isEmpty() ? name : parent + "/" + name;
  }

  private static int utf8Length(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  private static String shown(String name) {
    return "\"" + (name.length() > 80 ? name.substring(0, 80) + "..." : name) + "\"";
  }
}
