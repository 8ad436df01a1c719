/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.build;

/**
 * Where copies go.
 *
 * @param path absolute, without dots
 * @param directory whether a file goes into it under its own name
 * @param present whether it is a directory already, which keeps its owner and mode
 */
record Target(String path, boolean directory, boolean present) {
  /** For digests: what is copied does not depend on where it goes. */
  static final Target ANYWHERE = new Target("/", true, true);

  String of(String fileName) {
    return directory ? below(fileName) : path;
  }

  String below(String relative) {
    return relative.isEmpty() ? path : path.equals("/") ? "/" + relative : path + "/" + relative;
  }
}
