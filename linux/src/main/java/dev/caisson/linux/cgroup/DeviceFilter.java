/*
 * Copyright the Caisson authors.
 * SPDX-License-Identifier: Apache-2.0
 */
package dev.caisson.linux.cgroup;

import dev.caisson.linux.Fd;
import dev.caisson.linux.call.Downcall;
import dev.caisson.linux.call.Scratch;
import dev.caisson.linux.file.Directory;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Attaches a program of BPF_PROG_TYPE_CGROUP_DEVICE, which is how cgroup v2 says which devices may
 * be used. bpf(2), include/uapi/linux/bpf.h
 */
public final class DeviceFilter {
  private static final long BPF = 321; // arch/x86/entry/syscalls/syscall_64.tbl
  private static final int PROG_LOAD = 5;
  private static final int PROG_ATTACH = 8;
  private static final int TYPE_CGROUP_DEVICE = 15;
  private static final int ATTACH_CGROUP_DEVICE = 6;
  private static final int ALLOW_MULTI = 2;
  private static final int ATTRIBUTE_SIZE = 72; // up to expected_attach_type

  private DeviceFilter() {}

  /**
   * Loads a program and attaches it besides those already there: all of them must agree. The kernel
   * keeps it for as long as the group lives.
   *
   * @param program one instruction of eight bytes each
   */
  public static void attach(Directory group, long[] program) {
    try (Fd loaded = load(program);
        Scratch scratch = Scratch.open()) {
      MemorySegment attribute = scratch.allocate(ATTRIBUTE_SIZE, 8);
      attribute.set(ValueLayout.JAVA_INT, 0, group.fd().number());
      attribute.set(ValueLayout.JAVA_INT, 4, loaded.number());
      attribute.set(ValueLayout.JAVA_INT, 8, ATTACH_CGROUP_DEVICE);
      attribute.set(ValueLayout.JAVA_INT, 12, ALLOW_MULTI);
      Downcall.checked(
          "bpf", "attach to " + group, BPF, PROG_ATTACH, attribute.address(), ATTRIBUTE_SIZE);
    }
  }

  private static Fd load(long[] program) {
    try (Scratch scratch = Scratch.open()) {
      MemorySegment instructions = scratch.allocateFrom(ValueLayout.JAVA_LONG, program);
      MemorySegment attribute = scratch.allocate(ATTRIBUTE_SIZE, 8);
      attribute.set(ValueLayout.JAVA_INT, 0, TYPE_CGROUP_DEVICE);
      attribute.set(ValueLayout.JAVA_INT, 4, program.length);
      attribute.set(ValueLayout.JAVA_LONG, 8, instructions.address());
      attribute.set(ValueLayout.JAVA_LONG, 16, scratch.string("Apache-2.0").address());
      return Fd.adopt(
          Downcall.checked(
              "bpf", "device program", BPF, PROG_LOAD, attribute.address(), ATTRIBUTE_SIZE));
    }
  }
}
