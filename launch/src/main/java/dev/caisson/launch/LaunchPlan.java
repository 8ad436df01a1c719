/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Everything that happens when a workload starts, in order, as data.
 *
 * <p>OUTSIDE steps before {@link NamespaceAction.Clone} prepare; from then on both processes take
 * turns; {@link ProcessAction.Exec} ends the INSIDE part. OUTSIDE steps after it run once the
 * workload runs.
 */
public record LaunchPlan(List<Step> steps) {
  /** Enough for hundreds of mounts, and small enough to bound what an executor must hold. */
  public static final int MAX_STEPS = 4096;

  public LaunchPlan {
    steps = List.copyOf(steps);
    check(steps);
  }

  public static LaunchPlan of(Step... steps) {
    return new LaunchPlan(List.of(steps));
  }

  /** This plan with a step in front of the first one whose action matches, or at the end. */
  public LaunchPlan withBefore(Predicate<Action> place, Step added) {
    var changed = new ArrayList<Step>(steps.size() + 1);
    boolean done = false;
    for (Step step : steps) {
      if (!done && place.test(step.action())) {
        changed.add(added);
        done = true;
      }
      changed.add(step);
    }
    if (!done) {
      changed.add(added);
    }
    return new LaunchPlan(changed);
  }

  private static void check(List<Step> steps) {
    if (steps.size() > MAX_STEPS) {
      throw invalid("it has " + steps.size() + " steps; at most " + MAX_STEPS + " are executed");
    }
    boolean cloned = false;
    boolean executed = false;
    for (Step step : steps) {
      boolean inside = step.side() == Side.INSIDE;
      if (inside && (!cloned || executed)) {
        throw invalid("'" + step.name() + "' runs inside, where no process is yet or any more");
      }
      if (step.action() instanceof NamespaceAction.Clone
          || step.action() instanceof NamespaceAction.TakeParked) {
        if (cloned || inside) {
          throw invalid("'" + step.name() + "' clones from inside or a second time");
        }
        cloned = true;
      }
      if (step.action() instanceof ProcessAction.Exec) {
        if (!inside) {
          throw invalid("'" + step.name() + "' would replace the launcher");
        }
        executed = true;
      }
    }
    boolean parked =
        cloned && steps.getLast().action() instanceof SupervisionAction.AwaitPlan && !executed;
    if (!executed && !parked) {
      throw invalid("it never becomes the workload; end it with Exec");
    }
  }

  private static LaunchException invalid(String reason) {
    return new LaunchException(LaunchException.Kind.INVALID_PLAN, "launch plan refused: " + reason);
  }
}
