/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.stub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.launch.FileAction;
import dev.caisson.launch.Handle;
import dev.caisson.launch.IdentityAction;
import dev.caisson.launch.LaunchPlan;
import dev.caisson.launch.MountAction;
import dev.caisson.launch.MountAttribute;
import dev.caisson.launch.Namespace;
import dev.caisson.launch.NamespaceAction;
import dev.caisson.launch.ProcessAction;
import dev.caisson.launch.Propagation;
import dev.caisson.launch.Step;
import dev.caisson.launch.SupervisionAction;
import dev.caisson.launch.run.Launch;
import dev.caisson.launch.run.Report;
import dev.caisson.launch.seccomp.DefaultProfile;
import dev.caisson.launch.seccomp.FilterCompiler;
import dev.caisson.linux.Fd;
import dev.caisson.linux.io.Memfd;
import dev.caisson.linux.process.ProcessFd;
import dev.caisson.sandbox.workload.Capability;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real plans, carried out by the real stub on this machine's kernel. */
@Tag("integration")
class PlanExecutionTest {
  @TempDir Path temporary;
  private TestRoot root;

  @BeforeEach
  void makeRoot() {
    root = new TestRoot(temporary);
  }

  private Runner.Outcome run(TestRoot.Recipe recipe) throws IOException {
    return Runner.run(recipe.awaitExit().plan());
  }

  @Test
  void reportsRunningThenTheExitCode() throws IOException {
    var outcome = run(root.run("sh", "-c", "exit 7"));
    assertThat(outcome.reports()).hasSize(2);
    assertThat(outcome.reports().getFirst()).isInstanceOf(Report.Running.class);
    assertThat(outcome.code()).isEqualTo(7);
  }

  @Test
  void reportsADeathBySignalAs128AndTheSignal() throws IOException {
    var recipe = root.run("sh", "-c", "kill -TERM $$");
    recipe.namespaces.remove(Namespace.PID); // PID 1 would ignore it
    assertThat(run(recipe).code()).isEqualTo(128 + 15);
  }

  @Test
  void firstProcessSeesOnlyItsThreeStreams() throws IOException {
    assertThat(run(root.run("ls", "/proc/self/fd")).output().split("\\s+"))
        .contains("0", "1", "2")
        .hasSizeLessThanOrEqualTo(4);
  }

  @Test
  void nothingOfTheOldRootIsLeft() throws IOException {
    var outcome = run(root.run("sh", "-c", "cat /proc/self/mountinfo; ls /"));
    assertThat(outcome.output()).doesNotContain("/sys/fs/cgroup").contains("work");
  }

  @Test
  void programsAreFoundInTheirPathElse127Errno() throws IOException {
    var missing = run(root.run("nothing-here")).failure();
    assertThat(missing.errno()).isEqualTo(2);
    assertThat(missing.detail()).isEqualTo("execve nothing-here");
    Files.writeString(root.path.resolve("bin/plain"), "text");
    assertThat(run(root.run("plain")).failure().errno()).isEqualTo(13);
  }

  @Test
  void failureNamesTheStep() throws IOException {
    var recipe =
        root.run("true").beforeExec("enter", new ProcessAction.EnterDirectory("/not/there", false));
    var plan = recipe.awaitExit().plan();
    var failure = Runner.run(plan).failure();
    assertThat(plan.steps().get(failure.step()).name()).isEqualTo("enter");
    assertThat(failure.errno()).isEqualTo(2);
    assertThat(failure.detail()).isEqualTo("chdir /not/there");
  }

  @Test
  void hostNameIsOfTheNewNamespace() throws IOException {
    var outcome =
        run(root.run("hostname").beforeExec("name it", new NamespaceAction.SetHostname("box")));
    assertThat(outcome.output()).isEqualTo("box\n");
  }

  @Test
  void linksOfTheRootCannotLeadMountsOutside() throws IOException {
    Path outside = Files.createDirectory(temporary.resolve("outside"));
    Files.createSymbolicLink(root.path.resolve("escape"), outside);
    var outcome =
        run(
            root.run("ls", "-a", "/escape")
                .beforePivot(
                    "mount",
                    new MountAction.Mount(
                        "tmpfs", "tmpfs", List.of(), Set.of(), Propagation.UNCHANGED, "/escape/in"))
                .beforePivot("file", new FileAction.MakeDirectory("/escape/more", 0700, 0, 0)));
    assertThat(outside).isEmptyDirectory();
    assertThat(root.path.resolve(outside.toString().substring(1)).resolve("in")).exists();
    assertThat(outcome.output()).contains("in");
  }

  @Test
  void bindsFilesAndDirectoriesReadOnly() throws IOException {
    Path file = Files.writeString(temporary.resolve("file"), "hello");
    var outcome =
        run(
            root.run("sh", "-c", "cat /etc/new/file; echo no > /etc/new/file; echo $?")
                .beforePivot(
                    "bind",
                    new MountAction.Bind(
                        Handle.path(file.toString()),
                        true,
                        Set.of(MountAttribute.READ_ONLY),
                        Set.of(),
                        Set.of(),
                        Propagation.PRIVATE,
                        Optional.empty(),
                        "/etc/new/file")));
    assertThat(outcome.output()).startsWith("hello").contains("Read-only file system");
    assertThat(file).hasContent("hello");
  }

  @Test
  void overlayWithLayersBeyondAPageOfPaths() throws IOException {
    var layers = new ArrayList<String>();
    for (int i = 0; i < 100; i++) {
      Path layer =
          Files.createDirectories(
              temporary.resolve("a-rather-long-name-of-a-layer-".repeat(2) + i));
      Files.writeString(layer.resolve("from-" + i), "");
      layers.add(layer.toString());
    }
    layers.add(root.path.toString());
    Path upper = Files.createDirectory(temporary.resolve("upper:with,signs"));
    Path work = Files.createDirectory(temporary.resolve("workdir"));
    Path target = Files.createDirectory(temporary.resolve("target"));
    var recipe = root.run("sh", "-c", "ls / && touch /made");
    recipe.beforePivot.add(
        Step.inside(
            "overlay",
            new MountAction.MountOverlay(
                layers,
                Optional.of(upper.toString()),
                Optional.of(work.toString()),
                List.of(),
                Set.of(),
                target.toString())));
    var outcome = run(recipe);
    assertThat(outcome.output()).contains("from-0", "from-99", "bin");
    assertThat(upper.resolve("made")).exists();
  }

  @Test
  void masksAndFreezesPaths() throws IOException {
    var outcome =
        run(
            root.run(
                    "sh",
                    "-c",
                    "cat /proc/timer_list | head -c 1; ls /proc/bus; echo 1 > /proc/sys/kernel/domainname")
                .beforePivot(
                    "mask",
                    new MountAction.Mask(List.of("/proc/timer_list", "/proc/bus", "/proc/none")))
                .beforePivot("freeze", new MountAction.Freeze(List.of("/proc/sys", "/proc/none"))));
    assertThat(outcome.output()).contains("Read-only file system").hasLineCount(1);
  }

  @Test
  void sysctlsGoToARealProcOnly() throws IOException {
    var sysctls =
        new FileAction.SetSysctls(List.of(new FileAction.Sysctl("net/ipv4/ip_forward", "1")));
    assertThat(
            run(root.run("cat", "/proc/sys/net/ipv4/ip_forward").beforePivot("set", sysctls))
                .output())
        .isEqualTo("1\n");
    var fake =
        root.run("true")
            .beforePivot(
                "cover proc",
                new MountAction.Mount(
                    "tmpfs", "tmpfs", List.of(), Set.of(), Propagation.UNCHANGED, "/proc"))
            .beforePivot("set", sysctls);
    assertThat(run(fake).failure().detail()).isEqualTo("verify procfs /proc");
  }

  @Test
  void dockersCapabilitiesAndNoOthers() throws IOException {
    var recipe = root.run("grep", "-E", "Cap|NoNew|Groups", "/proc/self/status");
    recipe.beforeExec.addAll(TestRoot.dockerIdentity(0));
    assertThat(run(recipe).output())
        .contains(
            "CapInh:\t0000000000000000",
            "CapPrm:\t00000000a80425fb",
            "CapEff:\t00000000a80425fb",
            "CapBnd:\t00000000a80425fb",
            "CapAmb:\t0000000000000000",
            "NoNewPrivs:\t1");
  }

  @Test
  void anOrdinaryUserHoldsNothing() throws IOException {
    var recipe =
        root.run("sh", "-c", "id; grep CapEff /proc/self/status; echo open >> /dev/stdout");
    recipe.beforeExec.addAll(TestRoot.dockerIdentity(1000));
    assertThat(run(recipe).output())
        .contains("uid=1000 gid=1000 groups=1000", "CapEff:\t0000000000000000");
  }

  @Test
  void ambientCapabilitiesReachAProgramOfAnOrdinaryUser() throws IOException {
    var kill = Set.of(Capability.KILL);
    var recipe =
        root.run("grep", "CapAmb", "/proc/self/status")
            .beforeExec("user", new IdentityAction.SwitchUser(5, 5, Optional.of(List.of())))
            .beforeExec("caps", new IdentityAction.HoldCapabilities(kill, kill, kill, kill));
    assertThat(run(recipe).output()).isEqualTo("CapAmb:\t0000000000000020\n");
  }

  @Test
  void workingDirectoryIsMadeOnlyInsideTheRoot() throws IOException {
    var outcome =
        run(
            root.run("readlink", "/proc/self/cwd")
                .beforeExec("enter", new ProcessAction.EnterDirectory("/var/lib/app", true)));
    assertThat(outcome.output()).isEqualTo("/var/lib/app\n");
  }

  @Test
  void workingDirectoryBehindADescriptorIsRefused() throws IOException {
    for (int fd = 3; fd < 12; fd++) {
      var outcome =
          run(
              root.run("true")
                  .beforeExec(
                      "enter", new ProcessAction.EnterDirectory("/proc/self/fd/" + fd, false)));
      assertThat(outcome.last()).isInstanceOf(Report.Failed.class);
    }
  }

  @Test
  void limitsUmaskAndScoreApply() throws IOException {
    var outcome =
        run(
            root.run("sh", "-c", "ulimit -n; umask; cat /proc/self/oom_score_adj")
                .beforeExec(
                    "limits",
                    new ProcessAction.LimitResources(
                        List.of(new ProcessAction.Limit(ProcessAction.Resource.NOFILE, 123, 456))))
                .beforeExec("umask", new ProcessAction.SetUmask(027))
                .beforeExec("score", new ProcessAction.AdjustOutOfMemoryScore(321)));
    assertThat(outcome.output()).isEqualTo("123\n0027\n321\n");
  }

  @Test
  void initReapsAndPassesTheCodeOn() throws IOException {
    var outcome =
        run(
            root.run("sh", "-c", "(sleep 0.01 &) ; echo $$; sleep 0.1; exit 9")
                .beforeExec("init", new ProcessAction.BecomeInit()));
    assertThat(outcome.output()).isEqualTo("2\n");
    assertThat(outcome.code()).isEqualTo(9);
  }

  @Test
  void userNamespaceWithWrittenMaps() throws IOException {
    var recipe = root.run("sh", "-c", "id -u; cat /proc/self/uid_map");
    recipe.namespaces = EnumSet.complementOf(EnumSet.of(Namespace.TIME, Namespace.CGROUP));
    var plan = recipe.awaitExit().plan();
    var maps = List.of(new dev.caisson.launch.IdMap(0, 100000, 65536));
    var steps = new ArrayList<Step>();
    for (Step step : plan.steps()) {
      if (!(step.action() instanceof FileAction.MakeDevice)) {
        steps.add(step);
      }
      if (step.action() instanceof NamespaceAction.Clone) {
        steps.add(Step.outside("map ids", new NamespaceAction.MapIds(maps, maps, "", "", false)));
        steps.add(
            Step.inside("be root", new IdentityAction.SwitchUser(0, 0, Optional.of(List.of()))));
      }
    }
    var outcome = Runner.run(new dev.caisson.launch.LaunchPlan(steps));
    assertThat(outcome.last()).isEqualTo(new Report.Exited(0));
    assertThat(outcome.output()).startsWith("0\n").contains("100000");
  }

  @Test
  void clocksAreOffset() throws IOException {
    var recipe =
        root.run("sh", "-c", "read up rest < /proc/uptime; echo ${up%.*}")
            .before("own clocks", new NamespaceAction.Unshare(Set.of(Namespace.TIME)))
            .before("set clocks", new NamespaceAction.OffsetClocks(0, 1_000_000_000L * 10_000_000));
    assertThat(Long.parseLong(run(recipe).output().strip())).isGreaterThan(10_000_000);
  }

  @Test
  void hooksRunWhereAndWhenThePlanSays() throws IOException {
    Path said = temporary.resolve("said");
    var hook =
        new SupervisionAction.RunHook(
            "/bin/sh", List.of("sh", "-c", "cat > " + said), List.of(), 5, "pid=", ";");
    var recipe = root.run("true");
    recipe.after.add(Step.outside("poststart", hook));
    var outcome = run(recipe);
    var running = (Report.Running) outcome.reports().getFirst();
    assertThat(said).hasContent("pid=" + running.pid() + ";");
    var failing =
        new SupervisionAction.RunHook(
            "/bin/sh", List.of("sh", "-c", "echo broken >&2; exit 3"), List.of(), 5, "", "");
    assertThat(run(root.run("true").before("hook", failing)).failure().detail())
        .isEqualTo("run /bin/sh (exit code 3) broken\n");
    var slow =
        new SupervisionAction.RunHook("/bin/sleep", List.of("sleep", "100"), List.of(), 1, "", "");
    assertThat(run(root.run("true").before("hook", slow)).failure().errno()).isEqualTo(110);
  }

  @Test
  void loopbackIsUp() throws IOException {
    var outcome =
        run(
            root.run(
                    "sh",
                    "-c",
                    "cat /proc/net/dev_snmp6/lo 2>/dev/null | head -n 1; grep -c 00000000000000000000000000000001 /proc/net/if_inet6")
                .beforeExec("loopback", new NamespaceAction.RaiseLoopback()));
    assertThat(outcome.last()).isInstanceOf(Report.Exited.class);
  }

  @Test
  void environmentArrivesExactly() throws IOException {
    var recipe = root.run("cat", "/proc/self/environ");
    String huge = "BIG=" + "x".repeat(100_000);
    recipe.environment = List.of("PATH=/bin", "=odd", "LINES=a\nb", huge);
    assertThat(run(recipe).output().split("\0")).contains("=odd", "LINES=a\nb", huge);
  }

  @Test
  void filterDeniesWithoutKilling() throws IOException {
    var program = FilterCompiler.compile(DefaultProfile.with(Capability.DEFAULT));
    var filter = new IdentityAction.FilterCalls(program, Set.of(), Optional.empty());
    var outcome =
        run(
            root.run(
                    "sh",
                    "-c",
                    "grep Seccomp: /proc/self/status; mount -t tmpfs none /tmp; echo $?")
                .beforeExec("filter", filter));
    assertThat(outcome.output()).contains("Seccomp:\t2", "permission denied").endsWith("1\n");
    var missing = run(root.run("nothing").beforeExec("filter", filter)).failure();
    assertThat(missing.detail()).isEqualTo("execve nothing");
  }

  @Test
  void joinsARunningWorkloadsNamespaces() throws IOException {
    try (Fd nowhere = Memfd.create("nowhere");
        Launch first =
            Runner.start(
                root.run("sleep", "100")
                    .beforeExec("name", new NamespaceAction.SetHostname("first"))
                    .awaitExit()
                    .plan(),
                nowhere)) {
      int pid = ((Report.Running) first.next().orElseThrow()).pid();
      var all =
          EnumSet.of(
              Namespace.MOUNT, Namespace.PID, Namespace.UTS, Namespace.IPC, Namespace.NETWORK);
      try (var process = ProcessFd.open(pid)) {
        var plan =
            LaunchPlan.of(
                Step.outside("wait", new SupervisionAction.AwaitExit()),
                Step.outside("new process", new NamespaceAction.Clone(Set.of(), Optional.empty())),
                Step.inside("join", new NamespaceAction.JoinProcess(5, all)),
                Step.inside("be inside", new NamespaceAction.Renew()),
                Step.inside("enter", new ProcessAction.EnterDirectory("/tmp", false)),
                Step.inside(
                    "run",
                    new ProcessAction.Exec(
                        "sh",
                        List.of(
                            "sh",
                            "-c",
                            "hostname; echo $$; readlink /proc/self/cwd; for n in 3 4 5 6 7 8 9; do test -e /proc/$$/fd/$n && echo leaked $n; done; exit 8"),
                        List.of("PATH=/bin"),
                        0)));
        var outcome = Runner.run(plan, process.fd());
        assertThat(outcome.output()).isEqualTo("first\n2\n/tmp\n");
        assertThat(outcome.code()).isEqualTo(8);
      }
      first.process().signal(15); // passed on; PID 1 sleeps on without a handler
      ProcessFd.open(pid).signal(9);
      assertThat(first.next().orElseThrow()).isEqualTo(new Report.Exited(137));
      first.process().await();
    }
  }
}
