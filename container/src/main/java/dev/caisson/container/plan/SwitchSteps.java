/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import dev.caisson.launch.FileAction;
import dev.caisson.launch.MountAction;
import dev.caisson.launch.NamespaceAction;
import dev.caisson.launch.Step;
import dev.caisson.launch.SupervisionAction;
import dev.caisson.sandbox.workload.Namespaces;
import dev.caisson.sandbox.workload.NetworkAttachment;
import dev.caisson.sandbox.workload.Program.TerminalSize;
import dev.caisson.sandbox.workload.Security;
import dev.caisson.sandbox.workload.Workload;
import java.util.List;

/** Names, settings, the terminal, and the moment the new root becomes the root. */
final class SwitchSteps {
  private SwitchSteps() {}

  static void add(Workload workload, Surroundings host, List<Step> steps) {
    name(workload, steps);
    if (workload.network().mode() instanceof NetworkAttachment.Isolated) {
      steps.add(Step.inside("raise loopback", new NamespaceAction.RaiseLoopback()));
    }
    List<FileAction.Sysctl> settings = SysctlPolicy.settings(workload);
    if (!settings.isEmpty()) {
      steps.add(Step.inside("kernel settings", new FileAction.SetSysctls(settings)));
    }
    if (workload.process().terminal()) {
      TerminalSize size = workload.process().size();
      steps.add(
          Step.inside(
              "open terminal",
              new SupervisionAction.OpenTerminal(size.columns(), size.rows(), true)));
    }
    steps.add(
        Step.inside(
            "switch root",
            host.apart().isPresent() ? new MountAction.EnterRoot() : new MountAction.PivotRoot()));
    Security security = workload.security();
    if (!security.readOnlyPaths().isEmpty()) {
      steps.add(freeze(security.readOnlyPaths()));
    }
    if (!security.maskedPaths().isEmpty()) {
      steps.add(mask(security.maskedPaths()));
    }
  }

  static Step freeze(List<String> paths) {
    return Step.inside("freeze paths", new MountAction.Freeze(paths));
  }

  static Step mask(List<String> paths) {
    return Step.inside("mask paths", new MountAction.Mask(paths));
  }

  private static void name(Workload workload, List<Step> steps) {
    if (!(workload.namespaces().uts() instanceof Namespaces.Own)) {
      return;
    }
    if (!workload.hostname().isEmpty()) {
      steps.add(Step.inside("host name", new NamespaceAction.SetHostname(workload.hostname())));
    }
    if (!workload.domainname().isEmpty()) {
      steps.add(
          Step.inside("domain name", new NamespaceAction.SetDomainname(workload.domainname())));
    }
  }
}
