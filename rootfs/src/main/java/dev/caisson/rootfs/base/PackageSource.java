/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.rootfs.base;

import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.RootfsException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Where this host gets its packages from.
 *
 * @param suite release code name
 */
record PackageSource(String uri, String suite, List<String> components) {

  /** The first source of this host's own release that apt knows. */
  static PackageSource ofHost() {
    var suite = release().getOrDefault("VERSION_CODENAME", "");
    if (suite.isEmpty()) {
      throw new RootfsException(
          Kind.UNAVAILABLE, "/etc/os-release gives no VERSION_CODENAME; is this Debian?");
    }
    var apt = HostCommand.require("apt-get", "this needs a Debian or a relative").toString();
    var known =
        HostCommand.lines(
            Path.of("/"),
            List.of(
                apt,
                "indextargets",
                "--format",
                "$(REPO_URI)\t$(RELEASE)\t$(COMPONENT)",
                "Created-By: Packages"));
    var uri =
        known.stream()
            .map(line -> line.split("\t", -1))
            .filter(parts -> parts.length == 3 && parts[1].equals(suite))
            .map(parts -> parts[0])
            .findFirst()
            .orElseThrow(() ->
                new RootfsException(
                    Kind.UNAVAILABLE,
                    "apt has no package source for " + suite + "; see /etc/apt/sources.list"));
    var components =
        known.stream()
            .map(line -> line.split("\t", -1))
            .filter(p -> p.length == 3 && p[0].equals(uri) && p[1].equals(suite))
            .map(parts -> parts[2])
            .distinct()
            .toList();
    return new PackageSource(uri, suite, components);
  }

  private static Map<String, String> release() {
    try {
      return Files.readAllLines(Path.of("/etc/os-release")).stream()
          .filter(line -> line.indexOf('=') > 0)
          .collect(
              Collectors.toMap(
                  line -> line.substring(0, line.indexOf('=')),
                  line -> line.substring(line.indexOf('=') + 1).replace("\"", ""),
                  (first, _) -> first));
    } catch (IOException e) {
      throw new RootfsException(Kind.UNAVAILABLE, "cannot read /etc/os-release: " + e, e);
    }
  }
}
