/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.engine.workload;

import dev.caisson.engine.EngineException;
import dev.caisson.engine.spec.SecuritySpec;
import dev.caisson.sandbox.workload.Capability;
import dev.caisson.sandbox.workload.Security;
import dev.caisson.sandbox.workload.SyscallFilter;
import java.util.List;

/** Reads Docker's security options. */
final class SecurityCompiler {
  private SecurityCompiler() {}

  static Security compile(SecuritySpec spec) {
    var security = spec.privileged() ? Security.PRIVILEGED : Security.DEFAULT;
    if (!spec.privileged()) {
      security =
          security.withCapabilities(
              Capability.choose(spec.capabilitiesAdded(), spec.capabilitiesDropped()));
    }
    for (var option : spec.options()) {
      security = apply(security, option);
    }
    return security.withPaths(
        spec.maskedPaths().orElse(security.maskedPaths()),
        spec.readOnlyPaths().orElse(security.readOnlyPaths()));
  }

  private static Security apply(Security security, String option) {
    int separator = option.indexOf('=') < 0 ? option.indexOf(':') : option.indexOf('=');
    var name = separator < 0 ? option : option.substring(0, separator);
    var value = separator < 0 ? "" : option.substring(separator + 1);
    return switch (name) {
      case "no-new-privileges" ->
          security.withNoNewPrivileges(value.isEmpty() || Boolean.parseBoolean(value));
      case "seccomp" -> security.withSyscalls(filter(value));
      case "apparmor" ->
          security.withLabels(value.equals("unconfined") ? "" : value, security.seLinux());
      case "label" ->
          security.withLabels(security.appArmor(), value.equals("disable") ? "" : value);
      case "systempaths" -> systemPaths(security, value);
      case "own-process" ->
          security.withOwnProcess(value.equals("yes") || Boolean.parseBoolean(value));
      default ->
          throw EngineException.invalid(
              "invalid --security-opt: \"" + option + "\"",
              "use no-new-privileges, seccomp, apparmor, label, systempaths or own-process");
    };
  }

  private static SyscallFilter filter(String value) {
    return switch (value) {
      case "unconfined" -> new SyscallFilter.None();
      case "", "builtin" -> new SyscallFilter.Default();
      default -> {
        if (!value.stripLeading().startsWith("{")) {
          throw EngineException.invalid(
              "invalid seccomp profile", "give unconfined, builtin or the profile's JSON itself");
        }
        yield new SyscallFilter.Profile(value);
      }
    };
  }

  private static Security systemPaths(Security security, String value) {
    if (!value.equals("unconfined")) {
      throw EngineException.invalid("invalid systempaths: " + value, "use systempaths=unconfined");
    }
    return security.withPaths(List.of(), List.of());
  }
}
