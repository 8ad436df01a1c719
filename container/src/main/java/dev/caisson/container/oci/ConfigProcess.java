/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.oci;

import dev.caisson.container.plan.HostCapabilities;
import dev.caisson.launch.IdentityAction;
import dev.caisson.launch.ProcessAction;
import dev.caisson.launch.Step;
import dev.caisson.launch.seccomp.DockerProfile;
import dev.caisson.launch.seccomp.FilterCompiler;
import dev.caisson.sandbox.workload.Capability;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import tools.jackson.databind.JsonNode;

/** The {@code process} of a config.json, or a process.json, as the last steps of a plan. */
record ConfigProcess(JsonNode process, JsonNode seccomp) {

  boolean terminal() {
    return process.path("terminal").asBoolean(false);
  }

  int columns() {
    return process.path("consoleSize").path("width").asInt(0);
  }

  int rows() {
    return process.path("consoleSize").path("height").asInt(0);
  }

  /** From the outside, while rights to raise limits are at hand. */
  List<Step> outside() {
    var steps = new ArrayList<Step>();
    var limits = new ArrayList<ProcessAction.Limit>();
    for (JsonNode node : process.path("rlimits")) {
      limits.add(
          new ProcessAction.Limit(
              resource(Document.text(node, "type")),
              node.path("soft").bigIntegerValue(java.math.BigInteger.ZERO).longValue(),
              node.path("hard").bigIntegerValue(java.math.BigInteger.ZERO).longValue()));
    }
    if (!limits.isEmpty()) {
      steps.add(Step.outside("limit resources", new ProcessAction.LimitResources(limits)));
    }
    if (process.path("oomScoreAdj").isIntegralNumber()) {
      steps.add(
          Step.outside(
              "out-of-memory score",
              new ProcessAction.AdjustOutOfMemoryScore(process.path("oomScoreAdj").asInt())));
    }
    return steps;
  }

  private static ProcessAction.Resource resource(String name) {
    try {
      return ProcessAction.Resource.valueOf(
          name.toUpperCase(Locale.ROOT).replaceFirst("^RLIMIT_", ""));
    } catch (IllegalArgumentException e) {
      throw new OciException("rlimit '" + name + "' is unknown", e);
    }
  }

  /** From here on in the container, up to and with exec. */
  List<Step> inside() {
    var steps = new ArrayList<Step>();
    labels(steps);
    steps.add(Step.inside("working directory", new ProcessAction.EnterDirectory(cwd(), true)));
    boolean capable = process.has("capabilities");
    if (capable) {
      steps.add(
          Step.inside(
              "limit capabilities",
              new IdentityAction.LimitCapabilities(capabilities("bounding"))));
    }
    boolean refuse = process.path("noNewPrivileges").asBoolean(false);
    Optional<Step> filter = filter();
    if (!refuse) {
      filter.ifPresent(steps::add); // needs CAP_SYS_ADMIN, which the next steps may take
    }
    identity(steps);
    if (capable) {
      steps.add(
          Step.inside(
              "hold capabilities",
              new IdentityAction.HoldCapabilities(
                  capabilities("effective"),
                  capabilities("permitted"),
                  capabilities("inheritable"),
                  capabilities("ambient"))));
    }
    if (refuse) {
      steps.add(Step.inside("no new privileges", new IdentityAction.RefuseNewPrivileges()));
      filter.ifPresent(steps::add);
    }
    steps.add(execute());
    return steps;
  }

  private Step execute() {
    List<String> arguments = Document.texts(process.path("args"));
    if (arguments.isEmpty()) {
      throw new OciException("process.args is empty: nothing to run");
    }
    return Step.inside(
        "execute",
        new ProcessAction.Exec(
            arguments.getFirst(), arguments, Document.texts(process.path("env")), 0));
  }

  private String cwd() {
    String cwd = Document.text(process, "cwd");
    if (!cwd.startsWith("/")) {
      throw new OciException("process.cwd '" + cwd + "' is not an absolute path");
    }
    return cwd;
  }

  private void labels(List<Step> steps) {
    String appArmor = Document.text(process, "apparmorProfile");
    String seLinux = Document.text(process, "selinuxLabel");
    if (!appArmor.isEmpty()) {
      steps.add(
          Step.inside(
              "AppArmor profile",
              new IdentityAction.LabelOnExec(IdentityAction.LabelKind.APPARMOR, appArmor)));
    }
    if (!seLinux.isEmpty()) {
      steps.add(
          Step.inside(
              "SELinux label",
              new IdentityAction.LabelOnExec(IdentityAction.LabelKind.SELINUX, seLinux)));
    }
  }

  private void identity(List<Step> steps) {
    JsonNode user = process.path("user");
    var groups = new ArrayList<Long>();
    user.path("additionalGids").forEach(group -> groups.add(group.asLong()));
    if (user.path("umask").isIntegralNumber()) {
      steps.add(Step.inside("umask", new ProcessAction.SetUmask(user.path("umask").asInt())));
    } else {
      steps.add(Step.inside("umask", new ProcessAction.SetUmask(022)));
    }
    steps.add(
        Step.inside(
            "switch user",
            new IdentityAction.SwitchUser(
                user.path("uid").asLong(0), user.path("gid").asLong(0), Optional.of(groups))));
  }

  private Set<Capability> capabilities(String set) {
    Set<Capability> named = EnumSet.noneOf(Capability.class);
    // Names this kernel does not know are left out, as runtime-spec 1.2 asks, with a warning there.
    Document.texts(process.path("capabilities").path(set))
        .forEach(name -> Capability.named(name).ifPresent(named::add));
    named.retainAll(HostCapabilities.available());
    return named;
  }

  private Optional<Step> filter() {
    if (!seccomp.isObject()) {
      return Optional.empty();
    }
    var kernel = DockerProfile.KernelVersion.parse(System.getProperty("os.version"));
    var program = FilterCompiler.compile(DockerProfile.parse(seccomp, Set.of(), kernel));
    return Optional.of(
        Step.inside(
            "filter system calls",
            new IdentityAction.FilterCalls(program, Set.of(), Optional.empty())));
  }
}
