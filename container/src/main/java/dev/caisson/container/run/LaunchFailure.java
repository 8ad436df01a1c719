/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.run;

import dev.caisson.launch.IdentityAction;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.MountAction;
import dev.caisson.launch.NamespaceAction;
import dev.caisson.launch.ProcessAction;
import dev.caisson.launch.Step;
import dev.caisson.launch.run.Report;
import dev.caisson.linux.Errno;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.SandboxException.Kind;

/** Turns a failed step into words: the step, the kernel's answer, the remedy. */
final class LaunchFailure {
  private LaunchFailure() {}

  static SandboxException explain(String name, LaunchPlan plan, Report reported) {
    if (!(reported instanceof Report.Failed report)) {
      return new SandboxException(Kind.FAILED, name + " ended while it was starting: " + reported);
    }
    if (report.step() < 0 || report.step() >= plan.steps().size()) {
      return new SandboxException(Kind.FAILED, name + " did not start: " + report.detail());
    }
    Step step = plan.steps().get(report.step());
    Errno errno = Errno.of(report.errno());
    String message =
        "%s did not start: step %d of %d, %s%n  %s: %s, %s%n  try: %s"
            .formatted(
                name,
                report.step() + 1,
                plan.steps().size(),
                step.name(),
                report.detail(),
                errno,
                errno.meaning(),
                remedy(step, errno));
    return new SandboxException(kind(step, errno), message);
  }

  private static Kind kind(Step step, Errno errno) {
    if (!(step.action() instanceof ProcessAction.Exec)) {
      return Kind.FAILED;
    }
    return switch (errno) {
      case ENOENT, ENOTDIR -> Kind.NOT_FOUND;
      case EACCES, EPERM, ENOEXEC, EISDIR, ELIBBAD, ETXTBSY -> Kind.NOT_EXECUTABLE;
      default -> Kind.FAILED;
    };
  }

  private static String remedy(Step step, Errno errno) {
    return switch (step.action()) {
      case ProcessAction.Exec exec ->
          switch (errno) {
            case ENOENT ->
                "another command; \""
                    + exec.program()
                    + "\", or the interpreter it names, is not in the image";
            case ENOEXEC -> "an image of this machine's architecture";
            default -> "chmod +x in the image, or another command";
          };
      case ProcessAction.EnterDirectory _ -> "another working directory";
      case MountAction.MountOverlay _ -> "caisson doctor, for what this file system lacks";
      case NamespaceAction.Clone _ when errno == Errno.ENOSPC ->
          "raise the limits in /proc/sys/user, such as max_mnt_namespaces";
      case NamespaceAction.Clone _ -> "caisson doctor, for namespaces this host forbids";
      case IdentityAction.SwitchUser _ when errno == Errno.EINVAL ->
          "a range of ids: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER";
      case ProcessAction.LimitResources _ when errno == Errno.EPERM ->
          "a lower limit: an ordinary user cannot raise the hard one (ulimit -H)";
      case NamespaceAction.MapIds _ -> "entries for this user in /etc/subuid and /etc/subgid";
      default -> "caisson explain with the same arguments, to see what the step does";
    };
  }
}
