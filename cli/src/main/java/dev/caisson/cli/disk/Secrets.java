/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.disk;

import dev.caisson.disk.DiskException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** qemu-img's {@code --object secret,...}: a password, or the file that holds one. */
final class Secrets {
  private Secrets() {}

  static Optional<String> first(String[] objects, Path folder) {
    for (String object : objects) {
      if (!object.startsWith("secret,")) {
        continue;
      }
      Map<String, String> fields = KeyValueList.parse(object.substring("secret,".length()));
      if (fields.containsKey("data")) {
        return Optional.ofNullable(fields.get("data"));
      }
      String file = fields.get("file");
      if (file != null) {
        try {
          return Optional.of(Files.readString(folder.resolve(file)));
        } catch (IOException failure) {
          throw DiskException.io(file, failure);
        }
      }
    }
    return Optional.empty();
  }
}
