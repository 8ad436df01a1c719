/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.machine.engine.HardwareVirtualization;
import dev.caisson.machine.engine.MachineEngine;
import dev.caisson.machine.kernel.KernelStore;
import dev.caisson.sandbox.Diagnosis;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

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
    boolean chosen = false;
    for (MachineEngine engine : engines) {
      found.add(engine(engine, chosen));
      chosen |= engine.unavailable().isEmpty();
    }
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

  /** One that is not there is a lack only where no other can stand in. */
  private Diagnosis engine(MachineEngine engine, boolean chosenBefore) {
    String subject = "engine " + engine.name();
    return engine
        .unavailable()
        .map(reason ->
            engines.stream().anyMatch(other -> other.unavailable().isEmpty())
                ? Diagnosis.warning(subject, reason.reason(), reason.remedy())
                : Diagnosis.missing(subject, reason.reason(), reason.remedy()))
        .orElseGet(() ->
            Diagnosis.ok(
                subject,
                chosenBefore
                    ? engine.ownProcess() ? "runs those with --own-process" : "not needed"
                    : "runs new machines"));
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
