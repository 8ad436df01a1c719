/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.sandbox.workload.Mount;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The names under which a guest finds what the host forwards to it.
 *
 * @param mounts those with a source on the host
 * @param files single files by their target
 */
record GuestNames(Map<Mount, String> mounts, Map<String, String> files) {
  static final String ROOT = "root";

  /** Where a guest has them. */
  static final String EXPORTS = "/host/";

  static GuestNames of(Workload workload) {
    Map<Mount, String> mounts = new LinkedHashMap<>();
    for (Mount mount : workload.mounts().mounts()) {
      if (!(mount instanceof Mount.Tmpfs)) {
        mounts.put(mount, "m" + mounts.size());
      }
    }
    Map<String, String> files = new LinkedHashMap<>();
    sources(workload).keySet().forEach(target -> files.put(target, "f" + files.size()));
    return new GuestNames(mounts, files);
  }

  /** The files the network's keeper writes, by their target in the guest. */
  static Map<String, Path> sources(Workload workload) {
    Map<String, Path> sources = new LinkedHashMap<>();
    var network = workload.network();
    network.resolvConf().ifPresent(file -> sources.put("/etc/resolv.conf", file));
    network.hosts().ifPresent(file -> sources.put("/etc/hosts", file));
    network.hostnameFile().ifPresent(file -> sources.put("/etc/hostname", file));
    return sources;
  }

  /** Empty for what is made in the guest. */
  Optional<String> of(Mount mount) {
    return Optional.ofNullable(mounts.get(mount));
  }
}
