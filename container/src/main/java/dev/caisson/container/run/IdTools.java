/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.plan.Surroundings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Finds newuidmap and newgidmap, which write the id maps /etc/subuid grants to a user. */
final class IdTools {
  private static final List<String> DIRECTORIES =
      List.of("/usr/bin", "/bin", "/usr/local/bin", "/usr/sbin");

  private IdTools() {}

  static Optional<Surroundings.IdTools> found() {
    Optional<String> users = find("newuidmap");
    Optional<String> groups = find("newgidmap");
    return users.isPresent() && groups.isPresent()
        ? Optional.of(new Surroundings.IdTools(users.get(), groups.get()))
        : Optional.empty();
  }

  private static Optional<String> find(String name) {
    return DIRECTORIES.stream()
        .map(directory -> Path.of(directory, name))
        .filter(Files::isExecutable)
        .findFirst()
        .map(Path::toString);
  }
}
