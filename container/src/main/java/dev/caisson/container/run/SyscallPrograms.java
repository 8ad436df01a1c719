/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.launch.Bytes;
import dev.caisson.launch.seccomp.DefaultProfile;
import dev.caisson.launch.seccomp.DockerProfile;
import dev.caisson.launch.seccomp.FilterCompiler;
import dev.caisson.sandbox.workload.Capability;
import dev.caisson.sandbox.workload.Security;
import dev.caisson.sandbox.workload.SyscallFilter;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Turns what a workload says of system calls into a filter program. */
final class SyscallPrograms {
  private static final DockerProfile.KernelVersion KERNEL =
      DockerProfile.KernelVersion.parse(System.getProperty("os.version"));

  // One entry for each set of capabilities in use: a handful, however many containers.
  private static final Map<Set<Capability>, Bytes> STANDARD = new ConcurrentHashMap<>();

  private SyscallPrograms() {}

  static Optional<Bytes> of(Security security) {
    Set<Capability> held = security.capabilities();
    return switch (security.syscalls()) {
      case SyscallFilter.None none -> Optional.empty();
      case SyscallFilter.Default standard ->
          Optional.of(
              STANDARD.computeIfAbsent(
                  Set.copyOf(held), key -> FilterCompiler.compile(DefaultProfile.with(key))));
      case SyscallFilter.Profile custom ->
          Optional.of(FilterCompiler.compile(DockerProfile.parse(custom.json(), held, KERNEL)));
    };
  }
}
