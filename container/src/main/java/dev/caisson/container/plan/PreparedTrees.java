/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import dev.caisson.container.cgroup.Cgroup;
import dev.caisson.launch.Action;
import dev.caisson.launch.FileAction;
import dev.caisson.launch.MountAction;
import dev.caisson.launch.Step;
import dev.caisson.sandbox.workload.Security;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * The parts of a root that are the same in every common container: /dev, /proc and the view of its
 * control groups. A parked process has them built already; a plan whose steps for such a part are
 * just these places it instead. docs/decisions/0470
 */
final class PreparedTrees {
  /** What is mounted at a path and below, and the steps that do it. */
  private record Tree(String path, List<Step> steps) {}

  /** How many trees there are. */
  static final int COUNT = 3;

  private static final String SYSTEM = "/sys";
  private static final String GROUPS = "/sys/fs/cgroup";

  private static final Map<Ground, List<Tree>> COMMON = new ConcurrentHashMap<>();

  /** The devices come first: what is masked in /proc is covered by their null device. */
  private static List<Tree> common(Ground ground) {
    List<Step> common = new ArrayList<>();
    RootSteps.usual(ground, common);
    DeviceSteps.common(ground.rootless(), common);
    closing(common);
    return List.of(tree("/dev", common), tree("/proc", common));
  }

  private final List<Tree> trees;

  /**
   * @param group whose directories are shown
   * @param ownNetwork whether the process is in its network namespace while it is parked: what /sys
   *     shows depends on that
   */
  PreparedTrees(Cgroup group, boolean ownNetwork, Ground ground) {
    List<Step> system = new ArrayList<>();
    RootSteps.usualSystem(group, system);
    closing(system);
    trees = new ArrayList<>(COMMON.computeIfAbsent(ground, PreparedTrees::common));
    trees.add(tree(ownNetwork ? SYSTEM : GROUPS, system));
  }

  private static void closing(List<Step> steps) {
    steps.add(SwitchSteps.freeze(Security.READ_ONLY));
    steps.add(SwitchSteps.mask(Security.MASKED));
  }

  private static Tree tree(String path, List<Step> steps) {
    List<Step> below = new ArrayList<>();
    for (Step step : steps) {
      Step part = part(step, path, true);
      if (part != null) {
        below.add(part);
      }
    }
    return new Tree(path, List.copyOf(below));
  }

  /** Builds and keeps all of them. */
  void build(List<Step> steps) {
    steps.add(Step.inside("build trees", new MountAction.BuildTrees()));
    trees.forEach(tree -> steps.addAll(tree.steps()));
    steps.add(
        Step.inside(
            "keep trees", new MountAction.KeepTrees(trees.stream().map(Tree::path).toList())));
  }

  /** The same steps, with those that were done already replaced by placing their tree. */
  List<Step> placedIn(List<Step> steps) {
    List<Step> changed = steps;
    for (int number = 0; number < trees.size(); number++) {
      changed = placed(number, changed);
    }
    return changed;
  }

  private List<Step> placed(int number, List<Step> steps) {
    Tree tree = trees.get(number);
    int done = tree.steps().size();
    List<Step> changed = new ArrayList<>(steps.size());
    int seen = 0;
    for (Step step : steps) {
      Step below = seen == done ? null : part(step, tree.path(), true);
      if (below == null) {
        changed.add(step);
        continue;
      }
      if (!below.equals(tree.steps().get(seen))) {
        return steps;
      }
      if (seen++ == 0) {
        changed.add(
            Step.inside("place " + tree.path(), new MountAction.PlaceTree(number, tree.path())));
      }
      Step rest = part(step, tree.path(), false);
      if (rest != null) {
        changed.add(rest);
      }
    }
    return seen == done ? changed : steps;
  }

  /** The part of a step that concerns what is below a path, or the rest of it; null if none. */
  private static @Nullable Step part(Step step, String path, boolean below) {
    return switch (step.action()) {
      case MountAction.Mask mask -> {
        List<String> part = part(mask.targets(), path, below);
        yield part.isEmpty() ? null : SwitchSteps.mask(part);
      }
      case MountAction.Freeze freeze -> {
        List<String> part = part(freeze.targets(), path, below);
        yield part.isEmpty() ? null : SwitchSteps.freeze(part);
      }
      default -> isBelow(target(step.action()), path) == below ? step : null;
    };
  }

  private static List<String> part(List<String> targets, String path, boolean below) {
    return targets.stream().filter(target -> isBelow(target, path) == below).toList();
  }

  private static boolean isBelow(String target, String path) {
    return target.startsWith(path)
        && (target.length() == path.length() || target.charAt(path.length()) == '/');
  }

  private static String target(Action action) {
    return switch (action) {
      case MountAction.Mount mount -> mount.target();
      case MountAction.Bind bind -> bind.target();
      case MountAction.SetAttributes change -> change.target();
      case FileAction.MakeDirectory directory -> directory.target();
      case FileAction.MakeDevice device -> device.target();
      case FileAction.MakeLink link -> link.target();
      case FileAction.SetSysctls _ -> "/proc/sys"; // while it can be written
      default -> "";
    };
  }
}
