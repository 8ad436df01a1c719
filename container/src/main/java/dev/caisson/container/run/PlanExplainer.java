/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.PlanPrinter;
import dev.caisson.sandbox.Place;
import dev.caisson.sandbox.ability.Explainable.Explanation;
import dev.caisson.sandbox.user.Identity;
import dev.caisson.sandbox.workload.Workload;
import java.util.Optional;

/** Compiles a workload's plan and prints it instead of carrying it out. */
public final class PlanExplainer {
  private PlanExplainer() {}

  public static Explanation explain(ContainerHost host, Workload workload, Place place) {
    ContainerRoot root = new ContainerRoot(workload.root(), place, host.marks());
    Identity identity =
        host.accounts()
            .of(workload.root(), root.upper(), host.marks())
            .resolve(workload.process().user());
    try (Preparation preparation =
        Preparation.of(workload, place, host, identity, Optional.empty())) {
      LaunchPlan plan = preparation.plan(false);
      return new Explanation(PlanPrinter.table(plan), PlanPrinter.json(plan));
    }
  }
}
