/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import dev.caisson.linux.Errno;
import dev.caisson.sandbox.SandboxException;
import dev.caisson.sandbox.SandboxException.Kind;

/** A step that failed, in words: the step, the kernel's answer, the remedy. */
public final class StepFailure {
  private StepFailure() {}

  /**
   * What a start came to nothing by.
   *
   * @param name of what should have been started
   * @param position of the step in the plan; one that is not in it says that none is to blame
   * @param detail the call and its subject
   */
  public static SandboxException of(
      String name, LaunchPlan plan, int position, Errno errno, String detail) {
    if (position < 0 || position >= plan.steps().size()) {
      String reason = errno.number() == 0 ? "" : ": " + errno + ", " + errno.meaning();
      return new SandboxException(Kind.FAILED, name + " did not start: " + detail + reason);
    }
    Step step = plan.steps().get(position);
    String message =
        "%s did not start: step %d of %d, %s%n  %s: %s, %s%n  try: %s"
            .formatted(
                name,
                position + 1,
                plan.steps().size(),
                step.name(),
                detail,
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
    if (errno == Errno.EAGAIN && step.action() instanceof NamespaceAction) {
      return "a higher --pids-limit, or wait until some of its processes have ended";
    }
    return switch (step.action()) {
      case ProcessAction.Exec exec ->
          switch (errno) {
            case ENOENT ->
                "another command; \""
                    + exec.program()
                    + "\", or the interpreter it names, is not in the image";
            case ENOMEM -> "more memory for it: --ulimit as, data or stack, or --memory";
            case E2BIG -> "fewer or shorter arguments and variables: one of them ends at 128 KiB";
            case ENOEXEC -> "an image of this machine's architecture";
            default -> "chmod +x in the image, or another command";
          };
      case ProcessAction.EnterDirectory _ -> "another working directory";
      case MountAction.MountOverlay _ -> "caisson doctor, for what this file system lacks";
      case NamespaceAction.Clone _ when errno == Errno.ENOSPC ->
          "raise the limits in /proc/sys/user, such as max_mnt_namespaces";
      case NamespaceAction.Clone _ -> "caisson doctor, for namespaces this host forbids";
      case NamespaceAction.JoinProcess _ when errno == Errno.ESRCH ->
          "caisson ps -a: its first process has ended, and all others with it";
      case FileAction.SetSysctls _ when errno == Errno.ENOENT ->
          "another --sysctl: the kernel that runs it has no such parameter";
      case IdentityAction.SwitchUser _ when errno == Errno.EINVAL ->
          "a range of ids: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 USER";
      case ProcessAction.LimitResources _ when errno == Errno.EPERM ->
          "a lower limit: an ordinary user cannot raise the hard one (ulimit -H)";
      case NamespaceAction.MapIds _ -> "entries for this user in /etc/subuid and /etc/subgid";
      default -> "caisson explain with the same arguments, to see what the step does";
    };
  }
}
