/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.container.cgroup;

import static org.assertj.core.api.Assertions.assertThat;

import dev.caisson.sandbox.workload.Devices.Rule;
import dev.caisson.sandbox.workload.Devices.Type;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Runs compiled programs in an interpreter of the few instructions they are made of. */
class DeviceProgramTest {
  private static final int BLOCK = 1;
  private static final int CHARACTER = 2;

  @Test
  void commonDevicesMayBeUsedAndDisksMayNot() {
    long[] program = DeviceProgram.compile(DeviceAccess.PLAIN);
    assertThat(run(program, CHARACTER, 6, 1, 3)).isEqualTo(1); // /dev/null
    assertThat(run(program, CHARACTER, 6, 136, 77)).isEqualTo(1); // a pseudo-terminal
    assertThat(run(program, BLOCK, 1, 254, 0)).isEqualTo(1); // making a node
    assertThat(run(program, BLOCK, 2, 254, 0)).isZero(); // reading from it
    assertThat(run(program, CHARACTER, 2, 1, 1)).isZero(); // /dev/mem
  }

  @Test
  void privilegedMayUseAll() {
    assertThat(run(DeviceProgram.compile(DeviceAccess.ALL), BLOCK, 7, 8, 0)).isEqualTo(1);
  }

  @Test
  void programsAgreeWithTheRulesTheyAreMadeOf() {
    var random = new Random(7);
    for (int round = 0; round < 2_000; round++) {
      var rules = new ArrayList<Rule>();
      for (int i = random.nextInt(5); i > 0; i--) {
        rules.add(randomRule(random));
      }
      long[] program = DeviceProgram.compile(new DeviceAccess(false, rules));
      for (int probe = 0; probe < 20; probe++) {
        int type = 1 + random.nextInt(2);
        int access = 1 + random.nextInt(7);
        int major = random.nextInt(3);
        int minor = random.nextInt(3);
        boolean allowed = rules.stream().anyMatch(rule -> allows(rule, type, access, major, minor));
        assertThat(run(program, type, access, major, minor)).isEqualTo(allowed ? 1 : 0);
      }
    }
  }

  private static Rule randomRule(Random random) {
    String[] permissions = {"r", "w", "m", "rw", "rwm", "wm"};
    return new Rule(
        Type.values()[random.nextInt(3)],
        random.nextInt(4) - 1,
        random.nextInt(4) - 1,
        permissions[random.nextInt(permissions.length)]);
  }

  private static boolean allows(Rule rule, int type, int access, int major, int minor) {
    boolean kind =
        switch (rule.type()) {
          case ALL -> true;
          case BLOCK -> type == BLOCK;
          case CHARACTER -> type == CHARACTER;
        };
    String asked =
        ((access & 1) != 0 ? "m" : "")
            + ((access & 2) != 0 ? "r" : "")
            + ((access & 4) != 0 ? "w" : "");
    return kind
        && (rule.major() == -1 || rule.major() == major)
        && (rule.minor() == -1 || rule.minor() == minor)
        && asked.chars().allMatch(letter -> rule.permissions().indexOf(letter) >= 0);
  }

  private static long run(long[] program, int type, int access, int major, int minor) {
    int[] context = {access << 16 | type, major, minor};
    long[] r = new long[11];
    for (int at = 0; ; at++) {
      long code = program[at];
      int target = (int) (code >> 8 & 0xf);
      int source = (int) (code >> 12 & 0xf);
      int offset = (short) (code >> 16);
      int immediate = (int) (code >> 32);
      switch ((int) (code & 0xff)) {
        case 0x61 -> r[target] = Integer.toUnsignedLong(context[offset / 4]);
        case 0x54 -> r[target] = r[target] & Integer.toUnsignedLong(immediate);
        case 0x74 -> r[target] = (int) r[target] >>> immediate;
        case 0xbc -> r[target] = r[source] & 0xffff_ffffL;
        case 0xb4 -> r[target] = Integer.toUnsignedLong(immediate);
        case 0x55 -> at += r[target] == immediate ? 0 : offset;
        case 0x95 -> {
          return r[0];
        }
        default -> throw new AssertionError("instruction " + Long.toHexString(code));
      }
    }
  }

  @Test
  void aNumberThatNeedsAllBitsIsStillCompared() {
    List<Rule> rules = List.of(new Rule(Type.CHARACTER, Integer.MAX_VALUE, 0, "rwm"));
    long[] program = DeviceProgram.compile(new DeviceAccess(false, rules));
    assertThat(run(program, CHARACTER, 7, Integer.MAX_VALUE, 0)).isEqualTo(1);
    assertThat(run(program, CHARACTER, 7, 0, 0)).isZero();
  }
}
