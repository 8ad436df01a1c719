/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.plan;

import dev.caisson.launch.Bytes;
import dev.caisson.launch.IdentityAction;
import dev.caisson.launch.MountAction;
import dev.caisson.launch.MountAttribute;
import dev.caisson.launch.ProcessAction;
import dev.caisson.launch.Step;
import dev.caisson.sandbox.user.Identity;
import dev.caisson.sandbox.workload.Capability;
import dev.caisson.sandbox.workload.Program;
import dev.caisson.sandbox.workload.Security;
import dev.caisson.sandbox.workload.Workload;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Who the workload is, what it may do, and its first program. */
final class IdentitySteps {
  private static final int USUAL_UMASK = 022;

  private IdentitySteps() {}

  static void add(Workload workload, Surroundings host, List<Step> steps) {
    Program program = workload.process();
    steps.add(
        Step.inside(
            "working directory", new ProcessAction.EnterDirectory(program.directory(), true)));
    // Only now: a working directory that the image lacks is made, as dockerd does.
    if (workload.root().readOnly()) {
      steps.add(
          Step.inside(
              "close root",
              new MountAction.SetAttributes(
                  "/", Set.of(MountAttribute.READ_ONLY), Set.of(), false)));
    }
    steps.add(
        Step.inside("umask", new ProcessAction.SetUmask(program.umask().orElse(USUAL_UMASK))));
    limit(program, steps);
    // After the limits: they are set from outside on the first process, and its child has them.
    if (program.init()) {
      steps.add(
          Step.inside("become init", new ProcessAction.BecomeInit())
              .because("a first process of ours reaps orphans and passes signals on"));
    }
    confine(workload.security(), host.identity(), host.singleId(), host.filter(), steps);
    steps.add(exec(program.arguments(), environment(workload, host.identity())));
  }

  /**
   * Limits of the process and its children. From outside, where raising is still allowed, and no
   * sooner: with few descriptors, or little memory, the steps before could not be made.
   */
  static void limit(Program program, List<Step> steps) {
    ProcessAction.LimitResources.of(program.limits())
        .ifPresent(action -> steps.add(Step.outside("limit resources", action)));
  }

  /**
   * From all rights to exactly those wanted; also for a process that joins later.
   *
   * @param singleId whether setgroups(2) is denied, as it is where one id is mapped
   */
  static void confine(
      Security security,
      Identity identity,
      boolean singleId,
      Optional<Bytes> filter,
      List<Step> steps) {
    label(security, steps);
    Set<Capability> wanted = capabilities(security);
    steps.add(Step.inside("limit capabilities", new IdentityAction.LimitCapabilities(wanted)));
    if (!security.noNewPrivileges()) {
      // Needs CAP_SYS_ADMIN unless no_new_privs is set, so it comes before rights are dropped.
      filter(filter, steps);
    }
    steps.add(
        Step.inside(
            "switch user",
            new IdentityAction.SwitchUser(
                identity.user(),
                identity.group(),
                singleId ? Optional.empty() : Optional.of(identity.groups()))));
    Set<Capability> held = identity.user() == 0 ? wanted : Set.of();
    steps.add(
        Step.inside(
            "hold capabilities",
            new IdentityAction.HoldCapabilities(held, held, Set.of(), Set.of())));
    if (security.noNewPrivileges()) {
      steps.add(Step.inside("no new privileges", new IdentityAction.RefuseNewPrivileges()));
      filter(filter, steps);
    }
  }

  private static void label(Security security, List<Step> steps) {
    if (!security.appArmor().isEmpty()) {
      steps.add(
          Step.inside(
              "AppArmor profile",
              new IdentityAction.LabelOnExec(
                  IdentityAction.LabelKind.APPARMOR, security.appArmor())));
    }
    if (!security.seLinux().isEmpty()) {
      steps.add(
          Step.inside(
              "SELinux label",
              new IdentityAction.LabelOnExec(
                  IdentityAction.LabelKind.SELINUX, security.seLinux())));
    }
  }

  private static void filter(Optional<Bytes> filter, List<Step> steps) {
    filter.ifPresent(program ->
        steps.add(
            Step.inside(
                "filter system calls",
                new IdentityAction.FilterCalls(program, Set.of(), Optional.empty()))));
  }

  private static Set<Capability> capabilities(Security security) {
    Set<Capability> all = EnumSet.noneOf(Capability.class);
    all.addAll(security.capabilities());
    all.retainAll(HostCapabilities.available());
    return all;
  }

  static Step exec(List<String> arguments, List<String> environment) {
    return Step.inside(
        "execute", new ProcessAction.Exec(arguments.getFirst(), arguments, environment, 0));
  }

  /** The workload's variables, and those every Docker container has besides. */
  static List<String> environment(Workload workload, Identity identity) {
    Map<String, String> all = new LinkedHashMap<>(workload.process().environment());
    if (!workload.hostname().isEmpty()) {
      all.putIfAbsent("HOSTNAME", workload.hostname());
    }
    all.putIfAbsent("HOME", identity.home());
    if (workload.process().terminal()) {
      all.putIfAbsent("TERM", "xterm");
    }
    var lines = new ArrayList<String>(all.size());
    all.forEach((name, value) -> lines.add(name + "=" + value));
    return lines;
  }
}
