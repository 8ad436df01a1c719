/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.machine.engine.KvmEngine;
import dev.caisson.machine.engine.MachineEngine;
import dev.caisson.machine.engine.OwnProcessEngine;
import dev.caisson.machine.engine.Qemu;
import dev.caisson.machine.kernel.KernelStore;
import dev.caisson.sandbox.Diagnosis;
import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.Unavailable;
import dev.caisson.sandbox.ability.Explainable;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.WeakHashMap;

/** A virtual machine for one workload: a kernel of its own, its files forwarded from the host. */
public final class ThinIsolation implements Isolation, Explainable {
  private final KernelStore kernels;
  private final List<MachineEngine> engines;
  private final Set<ThinSandbox> made =
      Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

  /** For the service loader: the standard kernel store, and every engine in order of preference. */
  public ThinIsolation() {
    this(KernelStore.standard(), List.of(new KvmEngine(), new OwnProcessEngine(), new Qemu()));
  }

  ThinIsolation(KernelStore kernels, List<MachineEngine> engines) {
    this.kernels = kernels;
    this.engines = List.copyOf(engines);
  }

  /** Files, network and streams of a machine are the engine's to serve. docs/decisions/0302 */
  @Override
  public boolean outlivesEngine() {
    return false;
  }

  /** A guest has the network devices it was started with. */
  @Override
  public boolean changesNetworks() {
    return false;
  }

  @Override
  public String name() {
    return "thin";
  }

  @Override
  public Optional<Unavailable> unavailable() {
    if (!"root".equals(System.getProperty("user.name"))) {
      return Optional.of(
          new Unavailable(
              "thin machines serve files with their owners kept, which needs root",
              "run the engine as root"));
    }
    if (kernels.current().isEmpty()) {
      return Optional.of(
          new Unavailable("no guest kernel in " + kernels.directory(), "caisson kernel fetch"));
    }
    Optional<Unavailable> last = Optional.empty();
    for (MachineEngine engine : engines) {
      last = engine.unavailable();
      if (last.isEmpty()) {
        return last;
      }
    }
    return last;
  }

  @Override
  public Isolation below(Path root) {
    return new ThinIsolation(KernelStore.below(root), engines);
  }

  @Override
  public List<Diagnosis> diagnose() {
    return new HostCheck(kernels, engines).diagnose();
  }

  @Override
  public Explanation explain(Workload workload, Place place) {
    return PlanExplainer.explain(workload);
  }

  @Override
  public List<String> review(Workload workload) {
    WorkloadCheck.check(workload);
    return WorkloadCheck.leftOut(workload.resources());
  }

  @Override
  public Sandbox create(Workload workload, Place place) {
    return known(new ThinSandbox(workload, place, new MachineParts(kernels, engines), false));
  }

  @Override
  public Sandbox adopt(Workload workload, Place place) {
    return known(new ThinSandbox(workload, place, new MachineParts(kernels, engines), true));
  }

  private ThinSandbox known(ThinSandbox sandbox) {
    made.add(sandbox);
    return sandbox;
  }

  /** Machines end with their engine, also where the process that embeds it goes on. */
  @Override
  public void release() {
    List<ThinSandbox> all;
    synchronized (made) {
      all = List.copyOf(made);
    }
    all.forEach(ThinSandbox::endNow);
  }
}
