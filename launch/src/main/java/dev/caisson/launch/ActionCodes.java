/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * The number each action has in an encoded plan. Numbers are never reused; stub/src/main/c/plan.h
 * has the same table.
 */
final class ActionCodes {
  private record Entry(int code, Class<? extends Action> type) {}

  private static final List<Entry> TABLE =
      List.of(
          new Entry(1, NamespaceAction.Clone.class),
          new Entry(2, NamespaceAction.Unshare.class),
          new Entry(3, NamespaceAction.JoinNamespace.class),
          new Entry(4, NamespaceAction.JoinProcess.class),
          new Entry(5, NamespaceAction.Renew.class),
          new Entry(6, NamespaceAction.MapIds.class),
          new Entry(7, NamespaceAction.OffsetClocks.class),
          new Entry(8, NamespaceAction.JoinCgroups.class),
          new Entry(9, NamespaceAction.SetHostname.class),
          new Entry(10, NamespaceAction.SetDomainname.class),
          new Entry(11, NamespaceAction.RaiseLoopback.class),
          new Entry(12, NamespaceAction.TakeParked.class),
          new Entry(20, MountAction.SetPropagation.class),
          new Entry(21, MountAction.MountOverlay.class),
          new Entry(22, MountAction.BindRoot.class),
          new Entry(23, MountAction.UseRoot.class),
          new Entry(24, MountAction.Mount.class),
          new Entry(25, MountAction.Bind.class),
          new Entry(26, MountAction.SetAttributes.class),
          new Entry(27, MountAction.Mask.class),
          new Entry(28, MountAction.Freeze.class),
          new Entry(29, MountAction.PivotRoot.class),
          new Entry(30, MountAction.MoveRoot.class),
          new Entry(31, MountAction.BuildTrees.class),
          new Entry(32, MountAction.KeepTrees.class),
          new Entry(33, MountAction.PlaceTree.class),
          new Entry(34, MountAction.AttachRoot.class),
          new Entry(35, MountAction.PlaceMount.class),
          new Entry(36, MountAction.EnterRoot.class),
          new Entry(40, FileAction.MakeDirectory.class),
          new Entry(41, FileAction.MakeLink.class),
          new Entry(42, FileAction.MakeDevice.class),
          new Entry(43, FileAction.SetSysctls.class),
          new Entry(50, IdentityAction.LimitCapabilities.class),
          new Entry(51, IdentityAction.SwitchUser.class),
          new Entry(52, IdentityAction.HoldCapabilities.class),
          new Entry(53, IdentityAction.RefuseNewPrivileges.class),
          new Entry(54, IdentityAction.JoinKeyring.class),
          new Entry(55, IdentityAction.FilterCalls.class),
          new Entry(56, IdentityAction.LabelOnExec.class),
          new Entry(60, ProcessAction.LimitResources.class),
          new Entry(61, ProcessAction.AdjustOutOfMemoryScore.class),
          new Entry(62, ProcessAction.SetUmask.class),
          new Entry(63, ProcessAction.SetPersonality.class),
          new Entry(64, ProcessAction.SetIoPriority.class),
          new Entry(65, ProcessAction.SetScheduler.class),
          new Entry(66, ProcessAction.SetAffinity.class),
          new Entry(67, ProcessAction.DieWithLauncher.class),
          new Entry(68, ProcessAction.EnterDirectory.class),
          new Entry(69, ProcessAction.BecomeInit.class),
          new Entry(70, ProcessAction.Exec.class),
          new Entry(80, SupervisionAction.Watch.class),
          new Entry(81, SupervisionAction.OpenStreams.class),
          new Entry(82, SupervisionAction.OpenTerminal.class),
          new Entry(83, SupervisionAction.ConsoleSocket.class),
          new Entry(84, SupervisionAction.RunHook.class),
          new Entry(85, SupervisionAction.AwaitStart.class),
          new Entry(86, SupervisionAction.AwaitExit.class),
          new Entry(87, SupervisionAction.AwaitPlan.class));

  private static final Map<Class<? extends Action>, Integer> CODES =
      TABLE.stream().collect(Collectors.toUnmodifiableMap(Entry::type, Entry::code));
  private static final Map<Integer, Class<? extends Action>> TYPES =
      TABLE.stream().collect(Collectors.toUnmodifiableMap(Entry::code, Entry::type));

  private ActionCodes() {}

  static int codeOf(Action action) {
    Integer code = CODES.get(action.getClass());
    if (code == null) {
      throw new IllegalStateException(action.getClass() + " has no number");
    }
    return code;
  }

  static Class<? extends Action> typeOf(int code) {
    Class<? extends Action> type = TYPES.get(code);
    if (type == null) {
      throw new LaunchException(
          LaunchException.Kind.MALFORMED_BYTES, "action number " + code + " is unknown");
    }
    return type;
  }
}
