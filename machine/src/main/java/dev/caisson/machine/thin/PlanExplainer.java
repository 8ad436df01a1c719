/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.machine.thin;

import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.PlanPrinter;
import dev.caisson.rootfs.RootfsException;
import dev.caisson.rootfs.layer.MergedTree;
import dev.caisson.rootfs.layer.OverlayMarks;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.ability.Explainable.Explanation;
import dev.caisson.sandbox.user.Accounts;
import dev.caisson.sandbox.workload.RootFilesystem;
import dev.caisson.sandbox.workload.Workload;
import java.nio.file.Path;
import java.util.List;

/** The plan a guest would be given, without a machine. */
final class PlanExplainer {
  private PlanExplainer() {}

  static Explanation explain(Workload workload) {
    LaunchPlan plan =
        GuestPlan.first(workload, GuestNames.of(workload), accounts(workload.root()), 1);
    return new Explanation(PlanPrinter.table(plan), PlanPrinter.json(plan));
  }

  private static Accounts accounts(RootFilesystem root) {
    List<Path> layers =
        switch (root) {
          case RootFilesystem.Layers image ->
              image.layers().stream().map(RootFilesystem.Layer::directory).toList();
          case RootFilesystem.Directory directory -> List.of(directory.path());
          case RootFilesystem.DiskImage _ -> List.of();
        };
    try (MergedTree tree = new MergedTree(layers, OverlayMarks.TRUSTED)) {
      return Accounts.parse(
          tree.read("/etc/passwd", Accounts.LARGEST_FILE).orElse(new byte[0]),
          tree.read("/etc/group", Accounts.LARGEST_FILE).orElse(new byte[0]));
    } catch (RootfsException e) {
      throw new SandboxException(
          SandboxException.Kind.INVALID, "users of this image: " + e.getMessage(), e);
    }
  }
}
