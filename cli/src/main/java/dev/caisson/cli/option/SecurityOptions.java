/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.cli.console.Console;
import dev.caisson.engine.spec.SecuritySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/** What a new container may do. */
final class SecurityOptions {
  @Option(names = "--privileged", description = "no wall but the namespaces")
  boolean privileged;

  @Option(
      names = "--cap-add",
      paramLabel = "CAPABILITY",
      description = "a right more, or ALL; may be repeated")
  List<String> capabilitiesAdded = new ArrayList<>();

  @Option(
      names = "--cap-drop",
      paramLabel = "CAPABILITY",
      description = "a right less, or ALL; may be repeated")
  List<String> capabilitiesDropped = new ArrayList<>();

  @Option(
      names = "--security-opt",
      paramLabel = "OPTION",
      description = "seccomp=FILE|unconfined, no-new-privileges and others of docker's")
  List<String> options = new ArrayList<>();

  @Option(
      names = "--group-add",
      paramLabel = "GROUP",
      description = "a further group of its user; may be repeated")
  List<String> groups = new ArrayList<>();

  @Option(
      names = "--own-process",
      description = "a machine in a process of its own: own user, control group and filter")
  boolean ownProcess;

  SecuritySpec spec(Console console) {
    var given = new ArrayList<String>();
    options.forEach(option -> given.add(withProfile(option, console)));
    if (ownProcess) {
      given.add("own-process=yes");
    }
    return new SecuritySpec(
        privileged,
        capabilitiesAdded,
        capabilitiesDropped,
        given,
        groups,
        Optional.empty(),
        Optional.empty());
  }

  /** A seccomp profile is named by its file here, and given by its text to the engine. */
  private static String withProfile(String option, Console console) {
    var file = option.startsWith("seccomp=") ? option.substring("seccomp=".length()) : "";
    if (file.isEmpty() || file.equals("unconfined") || file.equals("builtin")) {
      return option;
    }
    return "seccomp=" + String.join("\n", EnvironmentFile.lines(file, console));
  }
}
