/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import dev.caisson.linux.Fd;
import dev.caisson.linux.LinuxException;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.Resolution;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/**
 * Finds out at create that a program is missing, as runc does: callers tell a missing command (127)
 * from other failures only then. Where a mount could still bring it, the start decides.
 */
record ProgramLookup(JsonNode config, Path root) {
  private static final String USUAL_PATH =
      "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

  void require() {
    JsonNode process = config.path("process");
    List<String> arguments = Document.texts(process.path("args"));
    if (arguments.isEmpty()) {
      return; // said when the plan is made
    }
    String program = arguments.getFirst();
    List<String> places = places(program, process);
    if (places.isEmpty() || places.stream().anyMatch(this::mayExist)) {
      return;
    }
    throw new OciException(
        "exec: \"" + program + "\": executable file not found in $PATH, no such file or directory");
  }

  private static List<String> places(String program, JsonNode process) {
    if (program.contains("/")) {
      Path directory = Path.of(Document.text(process, "cwd"));
      return List.of(directory.resolve(program).normalize().toString());
    }
    String path =
        Document.texts(process.path("env")).stream()
            .filter(variable -> variable.startsWith("PATH="))
            .map(variable -> variable.substring("PATH=".length()))
            .findFirst()
            .orElse(USUAL_PATH);
    return Stream.of(path.split(":"))
        .filter(directory -> directory.startsWith("/"))
        .map(directory -> directory + "/" + program)
        .toList();
  }

  private boolean mayExist(String path) {
    for (JsonNode mount : config.path("mounts")) {
      String target = Document.text(mount, "destination");
      if (path.equals(target) || path.startsWith(target.equals("/") ? "/" : target + "/")) {
        return true;
      }
    }
    try (Directory directory = Directory.open(root);
        Fd _ = directory.locate(path, Resolution.IN_ROOT)) {
      return true;
    } catch (LinuxException absent) {
      return false;
    }
  }
}
