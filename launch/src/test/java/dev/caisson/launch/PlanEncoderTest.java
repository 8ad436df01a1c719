/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.caisson.sandbox.workload.Capability;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class PlanEncoderTest {
  /** One step of every action there is, with arguments that differ from nothing. */
  static LaunchPlan everything() {
    var handle = new Handle(7, "below");
    var maps = List.of(new IdMap(0, 100_000, 65_536));
    var caps = Set.of(Capability.KILL, Capability.CHECKPOINT_RESTORE);
    return LaunchPlan.of(
        Step.outside(
            "watch",
            new SupervisionAction.Watch(
                "/run/x", Optional.of(new SupervisionAction.Log("/log", 1L << 40, 3)), "/events")),
        Step.outside("streams", new SupervisionAction.OpenStreams(true)),
        Step.outside("console", new SupervisionAction.ConsoleSocket("/run/console")),
        Step.outside("wait", new SupervisionAction.AwaitExit()),
        Step.outside("wait for more", new SupervisionAction.AwaitPlan(5, List.of("/d"))),
        Step.outside("unshare", new NamespaceAction.Unshare(Set.of(Namespace.TIME))),
        Step.outside("clocks", new NamespaceAction.OffsetClocks(-1, Long.MAX_VALUE)),
        Step.outside(
            "clone",
            new NamespaceAction.Clone(
                Set.of(Namespace.MOUNT, Namespace.USER), Optional.of(handle))),
        Step.outside("map", new NamespaceAction.MapIds(maps, maps, "/usr/bin/newuidmap", "", true)),
        Step.outside("cgroups", new NamespaceAction.JoinCgroups(List.of("/a", "/b"))),
        Step.outside(
            "hook", new SupervisionAction.RunHook("/h", List.of("h"), List.of("A=B"), 3, "{", "}")),
        Step.inside(
            "join",
            new NamespaceAction.JoinNamespace(Namespace.NETWORK, Handle.path("/proc/1/ns/net"))),
        Step.inside("join all", new NamespaceAction.JoinProcess(5, Set.of(Namespace.PID))),
        Step.inside("renew", new NamespaceAction.Renew()),
        Step.inside("name", new NamespaceAction.SetHostname("bøx")),
        Step.inside("domain", new NamespaceAction.SetDomainname("d")),
        Step.inside("loopback", new NamespaceAction.RaiseLoopback()),
        Step.inside("propagation", new MountAction.SetPropagation("/", Propagation.SLAVE, true)),
        Step.inside(
            "overlay",
            new MountAction.MountOverlay(
                List.of("/1", "/2"),
                Optional.of("/u"),
                Optional.of("/w"),
                List.of("userxattr"),
                Set.of(MountAttribute.NO_DEVICES),
                "/r")),
        Step.inside("bind root", new MountAction.BindRoot(handle, true, "/r")),
        Step.inside("use root", new MountAction.UseRoot("/r")),
        Step.inside(
            "mount",
            new MountAction.Mount(
                "tmpfs", "tmpfs", List.of("size=1m"), Set.of(), Propagation.PRIVATE, "/tmp")),
        Step.inside(
            "bind",
            new MountAction.Bind(
                handle,
                true,
                Set.of(MountAttribute.READ_ONLY),
                Set.of(),
                Set.of(MountAttribute.NO_EXEC),
                Propagation.SHARED,
                Optional.of(Handle.descriptor(9)),
                "/b")),
        Step.inside(
            "attributes",
            new MountAction.SetAttributes(
                "/", Set.of(MountAttribute.READ_ONLY), Set.of(MountAttribute.NO_EXEC), true)),
        Step.inside("mask", new MountAction.Mask(List.of("/proc/kcore"))),
        Step.inside("freeze", new MountAction.Freeze(List.of("/proc/sys"))),
        Step.inside("pivot", new MountAction.PivotRoot()),
        Step.inside("move", new MountAction.MoveRoot()),
        Step.inside("build", new MountAction.BuildTrees()),
        Step.inside("keep", new MountAction.KeepTrees(List.of("/dev", "/proc"))),
        Step.inside("place", new MountAction.PlaceTree(1, "/proc")),
        Step.inside("attach root", new MountAction.AttachRoot(Handle.descriptor(5), "/r")),
        Step.inside("place mount", new MountAction.PlaceMount(Handle.descriptor(6), "/etc/hosts")),
        Step.inside("enter root", new MountAction.EnterRoot()),
        Step.inside("directory", new FileAction.MakeDirectory("/d", 0755, 1, 2)),
        Step.inside("link", new FileAction.MakeLink("/l", "to")),
        Step.inside("device", new FileAction.MakeDevice("/dev/null", 'c', 1, 3, 0666, 0, 5)),
        Step.inside(
            "sysctl",
            new FileAction.SetSysctls(List.of(new FileAction.Sysctl("net/ipv4/ip_forward", "1")))),
        Step.inside("bounds", new IdentityAction.LimitCapabilities(caps)),
        Step.inside(
            "user", new IdentityAction.SwitchUser(4_294_967_294L, 5, Optional.of(List.of(6L, 7L)))),
        Step.inside("hold", new IdentityAction.HoldCapabilities(caps, caps, Set.of(), Set.of())),
        Step.inside("privileges", new IdentityAction.RefuseNewPrivileges()),
        Step.inside("keys", new IdentityAction.JoinKeyring("k")),
        Step.inside(
            "filter",
            new IdentityAction.FilterCalls(
                Bytes.of(new byte[16]),
                Set.of(IdentityAction.FilterFlag.LOG),
                Optional.of(new IdentityAction.Listener("/s", "m")))),
        Step.inside("label", new IdentityAction.LabelOnExec(IdentityAction.LabelKind.SELINUX, "t")),
        Step.inside(
            "limits",
            new ProcessAction.LimitResources(
                List.of(new ProcessAction.Limit(ProcessAction.Resource.NOFILE, 1024, -1)))),
        Step.inside("score", new ProcessAction.AdjustOutOfMemoryScore(-500)),
        Step.inside("umask", new ProcessAction.SetUmask(022)),
        Step.inside("persona", new ProcessAction.SetPersonality(8)),
        Step.inside("io", new ProcessAction.SetIoPriority(2, 7)),
        Step.inside("scheduler", new ProcessAction.SetScheduler(0, 1, -5, 0, 1, 2, 3)),
        Step.inside("affinity", new ProcessAction.SetAffinity(Bytes.of(new byte[] {3}))),
        Step.inside("die", new ProcessAction.DieWithLauncher(9)),
        Step.inside("enter", new ProcessAction.EnterDirectory("/work", true)),
        Step.inside("terminal", new SupervisionAction.OpenTerminal(80, 24, true)),
        Step.inside("start", new SupervisionAction.AwaitStart(6)),
        Step.inside("init", new ProcessAction.BecomeInit()),
        Step.inside(
            "exec", new ProcessAction.Exec("sh", List.of("sh", "-c", ""), List.of("A=\n"), 2)));
  }

  private static List<Action> actions(LaunchPlan plan) {
    return plan.steps().stream().map(Step::action).toList();
  }

  @Test
  void everyActionComesBackEqual() {
    var plan = everything();
    var decoded = PlanDecoder.decode(PlanEncoder.encode(plan));
    assertThat(actions(decoded)).isEqualTo(actions(plan));
    assertThat(decoded.steps().stream().map(Step::side))
        .isEqualTo(plan.steps().stream().map(Step::side).toList());
  }

  @Test
  void everyActionIsCovered() {
    long leaves =
        Arrays.stream(Action.class.getPermittedSubclasses())
            .flatMap(family -> Arrays.stream(family.getPermittedSubclasses()))
            .count();
    // A plan makes its process or takes one over, so the latter stands in a plan of its own.
    assertThat(actions(everything()).stream().map(Object::getClass).distinct())
        .hasSize((int) leaves - 1)
        .doesNotContain(NamespaceAction.TakeParked.class);
  }

  @Test
  void aPlanForAParkedProcessReadsAsItWasWritten() {
    var plan =
        LaunchPlan.of(
            Step.outside("take", new NamespaceAction.TakeParked(Set.of(Namespace.MOUNT))),
            Step.inside("run", new ProcessAction.Exec("sh", List.of("sh"), List.of(), 0)));
    assertThat(actions(PlanDecoder.decode(PlanEncoder.encode(plan)))).isEqualTo(actions(plan));
  }

  @Test
  void bytesAreThoseOfTheDocument() {
    var plan =
        LaunchPlan.of(
            Step.outside(
                "new process", new NamespaceAction.Clone(Set.of(Namespace.PID), Optional.empty())),
            Step.inside("run", new ProcessAction.Exec("sh", List.of("sh"), List.of(), 0)));
    assertThat(HexFormat.of().formatHex(PlanEncoder.encode(plan)))
        .isEqualTo(
            "43504c4e"
                + "01000000"
                + "46000000"
                + "02000000" // CPLN, version, size, steps
                + "0100"
                + "0000"
                + "0c000000"
                + "0000002000000000"
                + "00000000"
                + "4600"
                + "0100"
                + "1a000000"
                + "02000000"
                + "736800"
                + "01000000"
                + "02000000"
                + "736800"
                + "00000000"
                + "00000000");
  }

  @Test
  void cutPlansAreRefused() {
    byte[] whole = PlanEncoder.encode(everything());
    for (int size = 0; size < whole.length; size++) {
      byte[] part = Arrays.copyOf(whole, size);
      assertThatThrownBy(() -> PlanDecoder.decode(part)).isInstanceOf(LaunchException.class);
    }
  }

  @Test
  void changedBytesAreReadOrRefusedButNeverMore() {
    var random = new Random(7);
    byte[] whole = PlanEncoder.encode(everything());
    for (int i = 0; i < 20_000; i++) {
      byte[] changed = whole.clone();
      for (int n = random.nextInt(4); n >= 0; n--) {
        changed[random.nextInt(changed.length)] = (byte) random.nextInt();
      }
      assertThatCode(
              () -> {
                try {
                  PlanDecoder.decode(changed);
                } catch (LaunchException refused) {
                  // as it should be
                }
              })
          .doesNotThrowAnyException();
    }
  }

  @Test
  void textsWithNulAreRefused() {
    var plan =
        LaunchPlan.of(
            Step.outside("clone", new NamespaceAction.Clone(Set.of(), Optional.empty())),
            Step.inside("run", new ProcessAction.Exec("a\0b", List.of("a"), List.of(), 0)));
    assertThatThrownBy(() -> PlanEncoder.encode(plan)).isInstanceOf(LaunchException.class);
  }
}
