/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.launch.seccomp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.sandbox.workload.Capability;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FilterCompilerTest {
  private static final List<String> CALLS =
      List.of(
          "read",
          "write",
          "open",
          "socket",
          "clone",
          "clone3",
          "mount",
          "ioctl",
          "futex",
          "bpf",
          "execve",
          "personality",
          "getpid",
          "mmap2",
          "statx",
          "openat2",
          "landlock_add_rule",
          "no_such_call");
  private static final List<Verdict> VERDICTS =
      List.of(
          Verdict.ALLOW,
          Verdict.NOT_PERMITTED,
          Verdict.errno(22),
          Verdict.LOG,
          Verdict.KILL_PROCESS,
          Verdict.TRAP);
  private static final long[] INTERESTING = {
    0,
    1,
    8,
    40,
    0xffff_ffffL,
    0x1_0000_0000L,
    0x7fff_ffff_ffff_ffffL,
    -1,
    0x8000_0000_0000_0000L,
    0x7e02_0000L
  };

  private final Random random = new Random(42);

  private <T> T any(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private long number() {
    return random.nextInt(4) == 0
        ? random.nextLong()
        : INTERESTING[random.nextInt(INTERESTING.length)];
  }

  private Profile profile(int rules) {
    var list = new ArrayList<Rule>();
    for (int i = 0; i < rules; i++) {
      var conditions = new ArrayList<Condition>();
      for (int c = random.nextInt(4); c > 0; c--) {
        conditions.add(
            new Condition(
                random.nextInt(6), any(List.of(Condition.Operator.values())), number(), number()));
      }
      list.add(new Rule(Set.of(any(CALLS)), any(VERDICTS), conditions, ""));
    }
    var tables =
        random.nextInt(4) == 0
            ? EnumSet.of(SystemCallTable.X86_64)
            : EnumSet.allOf(SystemCallTable.class);
    return new Profile(tables, any(VERDICTS), list);
  }

  private void compare(Profile profile, int samples) {
    var interpreter = new Interpreter(FilterCompiler.compile(profile));
    for (int i = 0; i < samples; i++) {
      SystemCallTable table = any(List.of(SystemCallTable.values()));
      int call =
          random.nextInt(6) == 0
              ? random.nextInt()
              : table.numberOf(any(CALLS)).orElse(random.nextInt(500));
      long[] arguments = random.longs(6).toArray();
      for (int a = 0; a < 6; a++) {
        arguments[a] = number();
      }
      assertThat(interpreter.run(table.auditArchitecture(), call, arguments))
          .as("%s call %d %s", table, call, arguments)
          .isEqualTo(Evaluator.judge(profile, table, call, arguments).value());
    }
  }

  @Test
  void programsDecideAsProfilesSay() {
    for (int i = 0; i < 200; i++) {
      compare(profile(random.nextInt(30)), 200);
    }
  }

  @Test
  void jumpsFartherThan255InstructionsArrive() {
    for (int i = 0; i < 10; i++) {
      compare(profile(300), 2000);
    }
  }

  @Test
  void otherArchitecturesKill() {
    var program = FilterCompiler.compile(DefaultProfile.with(Capability.DEFAULT));
    assertThat(new Interpreter(program).run(0xc000_00b7, 0, 0, 0, 0, 0, 0, 0))
        .isEqualTo(Verdict.KILL_PROCESS.value());
  }

  private static int standard(Set<Capability> held, String call, long... arguments) {
    var program = FilterCompiler.compile(DefaultProfile.with(held));
    long[] six = new long[6];
    System.arraycopy(arguments, 0, six, 0, arguments.length);
    int number = SystemCallTable.X86_64.numberOf(call).orElseThrow();
    return new Interpreter(program).run(SystemCallTable.X86_64.auditArchitecture(), number, six);
  }

  @Test
  void standardProfileDeniesWhatDockerDenies() {
    for (String call :
        List.of(
            "keyctl",
            "bpf",
            "mount",
            "umount2",
            "unshare",
            "setns",
            "reboot",
            "kexec_load",
            "init_module",
            "swapon",
            "perf_event_open",
            "userfaultfd",
            "io_uring_setup",
            "open_by_handle_at",
            "pivot_root",
            "add_key",
            "settimeofday",
            "iopl",
            "acct",
            "nfsservctl",
            "move_mount",
            "fsopen")) {
      assertThat(standard(Capability.DEFAULT, call))
          .as(call)
          .isEqualTo(Verdict.NOT_PERMITTED.value());
    }
    for (String call :
        List.of("read", "execve", "futex", "chroot", "ptrace", "statx", "clone", "rseq")) {
      assertThat(standard(Capability.DEFAULT, call)).as(call).isEqualTo(Verdict.ALLOW.value());
    }
    assertThat(standard(Capability.DEFAULT, "clone3")).isEqualTo(Verdict.NOT_IMPLEMENTED.value());
    assertThat(standard(Capability.DEFAULT, "clone", 0x1000_0000L))
        .isEqualTo(Verdict.NOT_PERMITTED.value());
    assertThat(standard(Capability.DEFAULT, "socket", 2)).isEqualTo(Verdict.ALLOW.value());
    assertThat(standard(Capability.DEFAULT, "socket", 40)).isEqualTo(Verdict.NOT_PERMITTED.value());
    assertThat(standard(Capability.DEFAULT, "personality", 0x40000))
        .isEqualTo(Verdict.NOT_PERMITTED.value());
  }

  @Test
  void capabilitiesOpenTheirCalls() {
    assertThat(standard(Set.of(Capability.SYS_ADMIN), "mount")).isEqualTo(Verdict.ALLOW.value());
    assertThat(standard(Set.of(Capability.SYS_ADMIN), "clone3")).isEqualTo(Verdict.ALLOW.value());
    assertThat(standard(Set.of(), "chroot")).isEqualTo(Verdict.NOT_PERMITTED.value());
  }

  @Test
  void standardProgramIsShallow() {
    assertThat(FilterCompiler.compile(DefaultProfile.with(Capability.DEFAULT)).size() / 8)
        .isLessThan(500);
  }

  @Test
  void everyRuleOfTheStandardProfileHasItsReason() {
    assertThat(DefaultProfile.with(EnumSet.allOf(Capability.class)).rules())
        .allSatisfy(rule -> assertThat(rule.why()).isNotBlank());
  }
}
