/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.cli.option;

import dev.caisson.engine.spec.NamespaceSpec;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/** Which parts of the kernel's state a new container has of its own. */
final class NamespaceOptions {
  @Option(
      names = "--ipc",
      paramLabel = "MODE",
      defaultValue = "",
      description = "private, shareable, none, host or container:NAME")
  String ipc = "";

  @Option(
      names = "--pid",
      paramLabel = "MODE",
      defaultValue = "",
      description = "host or container:NAME; else its own")
  String pid = "";

  @Option(
      names = "--uts",
      paramLabel = "MODE",
      defaultValue = "",
      description = "host; else its own host name")
  String uts = "";

  @Option(
      names = "--userns",
      paramLabel = "MODE",
      defaultValue = "",
      description = "host; else as the engine is set up")
  String user = "";

  @Option(
      names = "--cgroupns",
      paramLabel = "MODE",
      defaultValue = "",
      description = "private or host")
  String cgroup = "";

  @Option(
      names = "--cgroup-parent",
      paramLabel = "PATH",
      defaultValue = "",
      description = "the control group above its own")
  String cgroupParent = "";

  @Option(
      names = "--sysctl",
      paramLabel = "NAME=VALUE",
      description = "a kernel setting of its namespaces; may be repeated")
  List<String> sysctls = new ArrayList<>();

  NamespaceSpec spec() {
    return new NamespaceSpec(ipc, pid, uts, user, cgroup, cgroupParent, KeyValues.map(sysctls));
  }
}
