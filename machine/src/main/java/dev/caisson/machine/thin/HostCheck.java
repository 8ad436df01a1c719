/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.machine.engine.HardwareVirtualization;
import dev.caisson.machine.engine.MachineEngine;
import dev.caisson.machine.kernel.KernelStore;
import dev.caisson.sandbox.Diagnosis;
import dev.caisson.sandbox.Unavailable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a host has for thin machines, one thing at a time. */
final class HostCheck {
  private final KernelStore kernels;
  private final List<MachineEngine> engines;

  HostCheck(KernelStore kernels, List<MachineEngine> engines) {
    this.kernels = kernels;
    this.engines = engines;
  }

  List<Diagnosis> diagnose() {
    List<Diagnosis> found = new ArrayList<>();
    found.add(speed());
    found.addAll(engines());
    found.add(kernel());
    found.add(needed(Path.of("/dev/net/tun"), "network", "networks by a tap", "modprobe tun"));
    return found;
  }

  private static Diagnosis speed() {
    return new HardwareVirtualization()
        .missing()
        .map(reason ->
            Diagnosis.warning(
                "virtualization",
                "software emulation, many times slower: " + reason.reason(),
                reason.remedy()))
        .orElseGet(() -> Diagnosis.ok("virtualization", "by the processor"));
  }

  /** Our hypervisor is there twice, alone and among others, and missing once. */
  private List<Diagnosis> engines() {
    List<Diagnosis> found = new ArrayList<>();
    Optional<Unavailable> before = Optional.empty();
    boolean chosen = false;
    boolean chosenApart = false;
    for (MachineEngine engine : engines) {
      Optional<Unavailable> missing = engine.unavailable();
      if (missing.isEmpty() || !missing.equals(before)) {
        String duty =
            !chosen
                ? "runs new machines"
                : engine.ownProcess() && !chosenApart
                    ? "runs those with --own-process"
                    : "not needed";
        found.add(engine(engine, duty));
      }
      before = missing;
      chosen |= missing.isEmpty();
      chosenApart |= missing.isEmpty() && engine.ownProcess();
    }
    return found;
  }

  /** One that is not there is a lack only where no other can stand in. */
  private Diagnosis engine(MachineEngine engine, String duty) {
    String subject = "engine " + engine.name();
    return engine
        .unavailable()
        .map(reason ->
            engines.stream().anyMatch(other -> other.unavailable().isEmpty())
                ? Diagnosis.warning(subject, reason.reason(), reason.remedy())
                : Diagnosis.missing(subject, reason.reason(), reason.remedy()))
        .orElseGet(() -> Diagnosis.ok(subject, duty));
  }

  private Diagnosis kernel() {
    String subject = "guest kernel";
    return kernels
        .current()
        .map(kernel -> Diagnosis.ok(subject, kernel.version() + ", " + kernel.source()))
        .orElseGet(() ->
            Diagnosis.missing(subject, "none in " + kernels.directory(), "caisson kernel fetch"));
  }

  private static Diagnosis needed(Path file, String subject, String what, String remedy) {
    return Files.exists(file)
        ? Diagnosis.ok(subject, what)
        : Diagnosis.missing(subject, file + " is not there", remedy);
  }
}
