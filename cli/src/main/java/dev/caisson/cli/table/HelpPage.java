/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.table;

import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;

/** What {@code caisson --help} and {@code caisson GROUP --help} say. */
final class HelpPage {
  private static final Set<String> IMAGES =
      Set.of(
          "build", "history", "images", "import", "load", "login", "logout", "pull", "push", "rmi",
          "save", "tag");

  private static final Set<String> HOST =
      Set.of("compare", "completion", "doctor", "events", "explain", "info", "prune", "version");

  private static final Map<String, String> GROUPS =
      Map.ofEntries(
          Map.entry("builder", "Builds, and what they keep for the next one"),
          Map.entry("checkpoint", "Snapshots in docker's words"),
          Map.entry("container", "Containers; the commands above by their long names"),
          Map.entry("device", "Devices lent to machines of other VMMs by vhost-user"),
          Map.entry("disk", "Disk files: qcow2 and others, chains of them, NBD"),
          Map.entry("image", "Images"),
          Map.entry("kernel", "Kernels that machines boot"),
          Map.entry("network", "Networks between containers"),
          Map.entry("snapshot", "Containers kept as they run; others go on from there"),
          Map.entry("system", "The host, and what everything takes of its disk"),
          Map.entry("volume", "Directories that outlive containers"));

  private static final String EXAMPLES =
      """

      Examples
        caisson run --rm busybox echo hello       a container
        caisson run --rm --isolation thin busybox uname -a
                                                  the same in a machine of its own
        caisson run -d --name web -p 8080:80 busybox httpd -f
                                                  one that stays, with a port
        caisson exec -it web sh                   a shell in it
        caisson doctor                            what this host can do
      """;

  private final CommandTable table;

  HelpPage(CommandTable table) {
    this.table = table;
  }

  /** The page of everything. */
  String all() {
    var images = new TreeMap<String, String>();
    var host = new TreeMap<String, String>();
    var containers = new TreeMap<String, String>();
    table
        .described("")
        .forEach((name, says) ->
            (IMAGES.contains(name) ? images : HOST.contains(name) ? host : containers)
                .put(name, says));
    host.put("engine", "Run the engine in the foreground; engine stop ends it");
    host.put("oci", "Run an OCI bundle, as runc does");
    var groups = new TreeMap<String, String>();
    table.groups().forEach(group -> groups.put(group, GROUPS.getOrDefault(group, "")));
    return "Usage: caisson [--root DIR] [--run DIR] COMMAND [OPTIONS]%n".formatted()
        + section("Containers", containers)
        + section("Images", images)
        + section("Engine and host", host)
        + section("Groups of commands", groups)
        + EXAMPLES
        + "%nTry caisson COMMAND --help or caisson GROUP --help%n".formatted();
  }

  /** The page of one group, if there is such a group. */
  Optional<String> of(String group) {
    var commands = table.described(group);
    return group.isEmpty() || commands.isEmpty()
        ? Optional.empty()
        : Optional.of(
            "Usage: caisson %s COMMAND [OPTIONS]%n%s%nTry caisson %s COMMAND --help%n"
                .formatted(group, section(GROUPS.getOrDefault(group, group), commands), group));
  }

  private static String section(String title, SequencedMap<String, String> commands) {
    var lines = new StringBuilder("%n%s%n".formatted(title));
    commands.forEach((name, says) -> lines.append("  %-22s %s%n".formatted(name, says)));
    return lines.toString();
  }
}
