/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.PlanEncoder;

/**
 * Where a process is parked, and how: the same again and again, once the groups of the one before
 * were taken.
 *
 * @param group its control group until a container takes it over
 * @param encoded the plan's bytes
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
record Parking(Cgroup group, LaunchPlan plan, byte[] encoded) {
  static Parking of(Cgroup group, LaunchPlan plan) {
    return new Parking(group, plan, PlanEncoder.encode(plan));
  }
}
