/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

/** Why each kind of action is in a plan, where a step has no better reason of its own. */
final class Reasons {
  private Reasons() {}

  static String of(Step step) {
    return step.why().isEmpty() ? of(step.action()) : step.why();
  }

  private static String of(Action action) {
    return switch (action) {
      case SupervisionAction supervision -> of(supervision);
      case NamespaceAction namespace -> of(namespace);
      case MountAction mount -> of(mount);
      case FileAction file -> of(file);
      case IdentityAction identity -> of(identity);
      case ProcessAction process -> of(process);
    };
  }

  private static String of(SupervisionAction action) {
    return switch (action) {
      case SupervisionAction.Watch _ -> "log and exit status must outlive the engine";
      case SupervisionAction.OpenStreams _ -> "output is kept, whoever listens to it";
      case SupervisionAction.OpenTerminal _ -> "a terminal was asked for";
      case SupervisionAction.ConsoleSocket _ -> "the caller holds the other side of the terminal";
      case SupervisionAction.RunHook _ -> "the configuration names this program here";
      case SupervisionAction.AwaitStart _ -> "create and start are two calls";
      case SupervisionAction.AwaitExit _ -> "the launcher's end tells the workload's";
      case SupervisionAction.AwaitPlan _ -> "what every launch needs is done before one is wanted";
    };
  }

  private static String of(NamespaceAction action) {
    return switch (action) {
      case NamespaceAction.Clone _ -> "the kernel shows it only what is its own";
      case NamespaceAction.TakeParked _ -> "its process was made ahead of need";
      case NamespaceAction.Unshare _ -> "what it has of its own, nobody else sees";
      case NamespaceAction.JoinNamespace _, NamespaceAction.JoinProcess _ ->
          "it shares this with what was there before";
      case NamespaceAction.Renew _ -> "a PID namespace holds for children only";
      case NamespaceAction.MapIds _ -> "its root shall be nobody on this host";
      case NamespaceAction.OffsetClocks _ -> "its clocks were asked to stand elsewhere";
      case NamespaceAction.JoinCgroups _ -> "what it uses is counted and limited from the start";
      case NamespaceAction.SetHostname _, NamespaceAction.SetDomainname _ ->
          "programs ask for their host's name";
      case NamespaceAction.RaiseLoopback _ -> "a new network has not even 127.0.0.1";
    };
  }

  private static String of(MountAction action) {
    return switch (action) {
      case MountAction.SetPropagation _ -> "mounts of one side shall not show on the other";
      case MountAction.MountOverlay _ ->
          "the image stays as it is; writes go to a layer of its own";
      case MountAction.BindRoot _, MountAction.UseRoot _ -> "its files are a directory of the host";
      case MountAction.Mount _ -> "Linux programs count on it";
      case MountAction.Bind _ -> "it was asked for, or is shown instead of the host's";
      case MountAction.SetAttributes _ -> "nothing in there may be changed";
      case MountAction.Mask _ -> "these tell of the host, or let it be harmed";
      case MountAction.Freeze _ -> "these are settings of the kernel it shares";
      case MountAction.PivotRoot _, MountAction.MoveRoot _, MountAction.EnterRoot _ ->
          "from here on no path leads to the host";
      case MountAction.BuildTrees _, MountAction.KeepTrees _ ->
          "what every container mounts is ready before one is asked for";
      case MountAction.PlaceTree _, MountAction.AttachRoot _, MountAction.PlaceMount _ ->
          "it was built before";
    };
  }

  private static String of(FileAction action) {
    return switch (action) {
      case FileAction.MakeDirectory _ -> "what comes next needs it";
      case FileAction.MakeLink _, FileAction.MakeDevice _ -> "Linux programs count on it";
      case FileAction.SetSysctls _ -> "these were asked for, and are its own";
    };
  }

  private static String of(IdentityAction action) {
    return switch (action) {
      case IdentityAction.LimitCapabilities _ -> "no program in it can ever have more than these";
      case IdentityAction.SwitchUser _ -> "it runs as whom the image or the caller names";
      case IdentityAction.HoldCapabilities _ -> "it starts with these rights and no others";
      case IdentityAction.RefuseNewPrivileges _ -> "setuid programs shall give no rights";
      case IdentityAction.JoinKeyring _ -> "the engine's keys stay out of reach";
      case IdentityAction.FilterCalls _ -> "system calls it does not need cannot be attacked";
      case IdentityAction.LabelOnExec _ -> "a security module of the host has its own rules";
    };
  }

  private static String of(ProcessAction action) {
    return switch (action) {
      case ProcessAction.LimitResources _ -> "limits can be raised from outside only";
      case ProcessAction.AdjustOutOfMemoryScore _ -> "the kernel must choose when memory is short";
      case ProcessAction.SetUmask _ -> "the engine's own mask is nothing to inherit";
      case ProcessAction.SetPersonality _,
          ProcessAction.SetIoPriority _,
          ProcessAction.SetScheduler _,
          ProcessAction.SetAffinity _ ->
          "it was asked for";
      case ProcessAction.DieWithLauncher _ -> "it shall not outlive who started it";
      case ProcessAction.EnterDirectory _ -> "it starts there; one outside its root is refused";
      case ProcessAction.BecomeInit _ -> "orphans must be reaped and signals passed on";
      case ProcessAction.Exec _ -> "all before was for this";
    };
  }
}
