/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container;

import dev.caisson.container.run.Container;
import dev.caisson.container.run.ContainerHost;
import dev.caisson.container.run.HostAbilities;
import dev.caisson.container.run.PlanExplainer;
import dev.caisson.container.run.ReadyRoots;
import dev.caisson.sandbox.Isolation;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.Sandbox;
import dev.caisson.sandbox.Unavailable;
import dev.caisson.sandbox.ability.Explainable;
import dev.caisson.sandbox.workload.Outline;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** Containers: processes of the host's kernel with their own view of it. */
public final class ContainerIsolation implements Isolation, Explainable {
  // Made when first used, because being found by ServiceLoader must cost nothing.
  private static final class Shared {
    private static final ContainerHost HOST = new ContainerHost(HostAbilities.cgroups());
  }

  private final Optional<ReadyRoots> roots;
  private volatile boolean available;

  /** For {@link java.util.ServiceLoader}. */
  public ContainerIsolation() {
    this(Optional.empty());
  }

  private ContainerIsolation(Optional<ReadyRoots> roots) {
    this.roots = roots;
  }

  @Override
  public Isolation below(Path root) {
    return new ContainerIsolation(Optional.of(new ReadyRoots(root.resolve("aside/roots"))));
  }

  @Override
  public void release() {
    roots.ifPresent(ReadyRoots::close);
  }

  @Override
  public String name() {
    return "container";
  }

  /** What a host can, it goes on to be able to: asked for every container, found out once. */
  @Override
  public Optional<Unavailable> unavailable() {
    if (available) {
      return Optional.empty();
    }
    Optional<Unavailable> missing = HostAbilities.missing();
    available = missing.isEmpty();
    return missing;
  }

  @Override
  public List<String> review(Workload workload) {
    return Container.review(Shared.HOST, workload);
  }

  @Override
  public Optional<String> readyId(Outline outline, Supplier<String> ids) {
    return Shared.HOST.readyId(outline, ids);
  }

  @Override
  public Sandbox create(Workload workload, Place place) {
    return Container.create(Shared.HOST, roots, workload, place);
  }

  @Override
  public Sandbox adopt(Workload workload, Place place) {
    return Container.adopt(Shared.HOST, roots, workload, place);
  }

  @Override
  public Explanation explain(Workload workload, Place place) {
    return PlanExplainer.explain(Shared.HOST, workload, place);
  }
}
