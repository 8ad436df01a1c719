/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
import dev.caisson.sandbox.workload.Capability;
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
import dev.caisson.launch.run.Launcher;
import dev.caisson.launch.run.Report;
import dev.caisson.launch.seccomp.DefaultProfile;
import dev.caisson.launch.seccomp.FilterCompiler;
import dev.caisson.linux.file.Directory;
import dev.caisson.linux.file.OpenFlag;
import dev.caisson.stub.Stub;
import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Start to exit of {@code true} by a plan like Docker's, taking turns with unshare and runc so that load hits
 * all alike. Arguments: bundle (with rootfs and config.json), directory for overlay and instance, rounds.
 */
public final class LaunchBench {
  private LaunchBench() {}

  public static void main(String[] words) throws Exception {
    Path bundle = Path.of(words[0]);
    Path work = Path.of(words[1]);
    int rounds = Integer.parseInt(words[2]);
    var ours = new ArrayList<Double>();
    var unshare = new ArrayList<Double>();
    var runc = new ArrayList<Double>();
    try (var launcher = new Launcher(Stub.program());
        var nothing = Directory.openFile(Path.of("/dev/null"), 0, OpenFlag.READ_WRITE)) {
      var streams = new Launcher.Streams(nothing, nothing, nothing);
      for (int i = -20; i < rounds; i++) {
        double plan = time(() -> plan(launcher, streams, bundle, work));
        if (i < 0) {
          continue; // warming up
        }
        ours.add(plan);
        unshare.add(time(() -> command("unshare", "-mpfuin", bundle + "/rootfs/bin/busybox", "true")));
        runc.add(time(() -> command("runc", "--root", work + "/runc", "run", "--bundle", bundle.toString(), "bench" + ProcessHandle.current().pid())));
      }
    }
    print("plan, as Docker sets a container up", ours);
    print("unshare -mpfuin busybox true", unshare);
    print("runc run", runc);
  }

  private interface Work {
    void run() throws Exception;
  }

  private static double time(Work work) throws Exception {
    long start = System.nanoTime();
    work.run();
    return (System.nanoTime() - start) / 1e6;
  }

  private static void command(String... words) throws Exception {
    int code =
        new ProcessBuilder(words)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .redirectErrorStream(true)
            .redirectInput(new File("/dev/null"))
            .start()
            .waitFor();
    if (code != 0) {
      throw new IllegalStateException(String.join(" ", words) + " ended with " + code);
    }
  }

  private static void print(String name, List<Double> times) {
    double[] sorted = times.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    System.out.printf(
        "%-40s median %6.2f ms   p10 %6.2f   p90 %6.2f   n=%d%n",
        name, sorted[sorted.length / 2], sorted[sorted.length / 10], sorted[sorted.length * 9 / 10], sorted.length);
  }

  private static void plan(Launcher launcher, Launcher.Streams streams, Path bundle, Path work) {
    try (var launch = launcher.start(steps(bundle, work), streams, List.of())) {
      for (var report = launch.next(); report.isPresent(); report = launch.next()) {
        if (report.get() instanceof Report.Exited) {
          return;
        }
        if (report.get() instanceof Report.Failed failed) {
          throw new IllegalStateException(failed.toString());
        }
      }
      launch.process().await();
    }
  }

  private static LaunchPlan steps(Path bundle, Path work) {
    var careful = Set.of(MountAttribute.NO_SETUID, MountAttribute.NO_DEVICES, MountAttribute.NO_EXEC);
    var steps = new ArrayList<Step>();
    steps.add(Step.outside("watch", new SupervisionAction.Watch(work + "/instance", Optional.of(new SupervisionAction.Log(work + "/log", 1 << 20, 2)), "")));
    steps.add(Step.outside("streams", new SupervisionAction.OpenStreams(false)));
    var own = EnumSet.complementOf(EnumSet.of(Namespace.USER, Namespace.TIME, Namespace.CGROUP));
    steps.add(Step.outside("new process", new NamespaceAction.Clone(own, Optional.empty())));
    steps.add(Step.inside("cgroup view", new NamespaceAction.Unshare(Set.of(Namespace.CGROUP))));
    steps.add(Step.inside("stop echoes", new MountAction.SetPropagation("/", Propagation.SLAVE, true)));
    steps.add(Step.inside("host name", new NamespaceAction.SetHostname("bench")));
    steps.add(Step.inside("loopback", new NamespaceAction.RaiseLoopback()));
    steps.add(Step.inside("overlay", new MountAction.MountOverlay(List.of(bundle + "/rootfs"), Optional.of(work + "/upper"), Optional.of(work + "/work"), List.of(), Set.of(), work + "/root")));
    mount(steps, "proc", List.of(), careful, "/proc");
    mount(steps, "tmpfs", List.of("mode=755", "size=65536k"), Set.of(MountAttribute.NO_SETUID), "/dev");
    mount(steps, "devpts", List.of("newinstance", "ptmxmode=0666", "mode=0620", "gid=5"), Set.of(MountAttribute.NO_SETUID, MountAttribute.NO_EXEC), "/dev/pts");
    mount(steps, "tmpfs", List.of("mode=1777", "size=65536k"), careful, "/dev/shm");
    mount(steps, "mqueue", List.of(), careful, "/dev/mqueue");
    mount(steps, "sysfs", List.of("ro"), careful, "/sys");
    int minor = 3;
    for (String name : List.of("null", "", "zero", "", "full", "random", "urandom")) {
      if (!name.isEmpty()) {
        steps.add(Step.inside("device", new FileAction.MakeDevice("/dev/" + name, 'c', 1, minor, 0666, 0, 0)));
      }
      minor++;
    }
    steps.add(Step.inside("link", new FileAction.MakeLink("/dev/fd", "/proc/self/fd")));
    steps.add(Step.inside("switch root", new MountAction.PivotRoot()));
    steps.add(Step.inside("freeze", new MountAction.Freeze(List.of("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"))));
    steps.add(Step.inside("mask", new MountAction.Mask(List.of("/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/proc/scsi", "/sys/firmware"))));
    steps.add(Step.inside("directory", new ProcessAction.EnterDirectory("/", false)));
    steps.add(Step.inside("bound", new IdentityAction.LimitCapabilities(Capability.DEFAULT)));
    steps.add(Step.inside("filter", new IdentityAction.FilterCalls(FILTER, Set.of(), Optional.empty())));
    steps.add(Step.inside("user", new IdentityAction.SwitchUser(0, 0, Optional.of(List.of(0L)))));
    steps.add(Step.inside("hold", new IdentityAction.HoldCapabilities(Capability.DEFAULT, Capability.DEFAULT, Set.of(), Set.of())));
    steps.add(Step.inside("run", new ProcessAction.Exec("/bin/busybox", Arrays.asList("busybox", "true"), List.of("PATH=/bin"), 0)));
    return new LaunchPlan(steps);
  }

  private static final dev.caisson.launch.Bytes FILTER = FilterCompiler.compile(DefaultProfile.with(Capability.DEFAULT));

  private static void mount(List<Step> steps, String type, List<String> options, Set<MountAttribute> attributes, String target) {
    steps.add(Step.inside("mount " + target, new MountAction.Mount(type, type, options, attributes, Propagation.UNCHANGED, target)));
  }
}
