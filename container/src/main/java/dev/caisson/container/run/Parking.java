/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.container.plan.Ground;
import dev.caisson.container.plan.ParkedPlan;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.PlanEncoder;

/**
 * Where a process is parked, and how: the same again and again, once the groups of the one before
 * were taken.
 *
 * @param name of its control group
 * @param group its control group until a container takes it over
 * @param encoded the plan's bytes
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Parking(String name, ParkedPlan.Kind kind, Cgroup group, LaunchPlan plan, byte[] encoded) {
  static Parking of(String name, ParkedPlan.Kind kind, Cgroup group, Ground ground) {
    LaunchPlan plan = ParkedPlan.compile(group, kind, ground);
    return new Parking(name, kind, group, plan, PlanEncoder.encode(plan));
  }
}
